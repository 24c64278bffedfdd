// Builds the demo page into web-demo/dist. `webinfer` is the package as built into ../dist, imported as a user would.
import {fileURLToPath} from 'node:url';
import {defineConfig} from 'vite';

// biome-ignore lint/style/noDefaultExport: Vite reads its configuration from the default export
export default defineConfig({
  base: './',
  resolve: {alias: {webinfer: fileURLToPath(new URL('../dist/webinfer.mjs', import.meta.url))}},
  build: {target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 1000},
  worker: {format: 'es'},
});
