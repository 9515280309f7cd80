// service.mjs PROGRAM PORT [NVML]: the program itself as the page's service, on a registry that is written anew;
// with NVML, a library that answers as NVIDIA's, there are two GPUs in this machine.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LOG, TINY } from './given.mjs';
import { REGISTRY } from './registry.mjs';

const [program, port, nvml] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'vram-page-'));
const registry = join(folder, 'model_registry.json');
writeFileSync(registry, REGISTRY);
// What lies under --allow-path: a log, and a model in a folder.
const disk = join(folder, 'disk');
mkdirSync(join(disk, 'tiny'), { recursive: true });
writeFileSync(join(disk, 'vllm.log'), LOG);
writeFileSync(join(disk, 'tiny', 'config.json'), JSON.stringify(TINY));
const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, HF_ENDPOINT: `http://127.0.0.1:${port}/no-hub` };
if (nvml) {
  symlinkSync(resolve(nvml), join(folder, 'libnvidia-ml.so.1'));
  Object.assign(env, { LD_LIBRARY_PATH: folder, STUB_NVML: 'two' });
}
const service = spawn(program, ['serve', '--port', port, '--registry', registry, '--allow-path', disk, '--quiet'], { env, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => service.kill());
service.on('exit', (code) => process.exit(code ?? 0));
