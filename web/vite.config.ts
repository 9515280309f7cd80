import { defineConfig } from 'vite';

// Relative addresses: the same files work from a folder of any web server and from inside the program.
export default defineConfig({
  base: './',
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { fs: { allow: ['..'] } },
  worker: { format: 'es' },
});
