import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, constants } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

/** Every file beside itself in Brotli, for servers that hand out what is compressed already. */
const brotli: Plugin = {
  name: 'brotli',
  apply: 'build',
  closeBundle() {
    for (const name of readdirSync('dist', { recursive: true, encoding: 'utf8' })) {
      if (!/\.(html|js|css|wasm|svg|txt)$/.test(name)) continue;
      const text = readFileSync(`dist/${name}`);
      const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: text.length };
      writeFileSync(`dist/${name}.br`, brotliCompressSync(text, { params }));
    }
  },
};

// Relative addresses: the same files work from a folder of any web server and from inside the program.
export default defineConfig({
  base: './',
  plugins: [brotli],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { fs: { allow: ['..'] } },
  worker: { format: 'es' },
});
