import { defineConfig } from '@playwright/test';
import { existsSync } from 'node:fs';

declare const process: { env: Record<string, string | undefined> };

const PORT = 4173;
const WITH_GPUS = 4174;
const WITHOUT = 4175;
const at = (port: number) => `http://127.0.0.1:${port}/`;

// The program with the page in it, and the library of its tests that answers as NVIDIA's: without them the static files
// alone are tested.
const BUILD = process.env['BUILD'] ?? '../build';
const PROGRAM = `${BUILD}/vram-estimator`;
const NVML = `${BUILD}/tests/libstub_nvml.so`;
const served = existsSync(PROGRAM) && existsSync(NVML);

export default defineConfig({
  testDir: 'tests',
  timeout: 30_000,
  workers: 1,
  reporter: 'list',
  use: {
    viewport: { width: 1280, height: 900 },
    reducedMotion: 'reduce',
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
  projects: [
    { name: 'static', testIgnore: served ? ['service.spec.ts', 'speed.spec.ts'] : 'service.spec.ts', use: { baseURL: at(PORT) } },
    ...(served
      ? [
          { name: 'service', testMatch: ['service.spec.ts', 'axe.spec.ts', 'keyboard.spec.ts'], use: { baseURL: at(WITH_GPUS) } },
          { name: 'service without GPUs', testMatch: ['service.spec.ts', 'speed.spec.ts'], use: { baseURL: at(WITHOUT) } },
        ]
      : []),
  ],
  webServer: [
    { command: `node tests/serve.mjs dist ${PORT}`, url: at(PORT), reuseExistingServer: false },
    ...(served
      ? [
          { command: `node tests/service.mjs ${PROGRAM} ${WITH_GPUS} ${NVML}`, url: `${at(WITH_GPUS)}healthz`, reuseExistingServer: false },
          { command: `node tests/service.mjs ${PROGRAM} ${WITHOUT}`, url: `${at(WITHOUT)}healthz`, reuseExistingServer: false },
        ]
      : []),
  ],
});
