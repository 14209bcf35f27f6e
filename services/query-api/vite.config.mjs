import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';

/** Builds the dashboard into dist/dashboard, from where query-api serves it. */
export default defineConfig({
  root: 'src/dashboard',
  plugins: [preact()],
  resolve: { conditions: ['@millrace/source', 'module', 'browser', 'production'] },
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    // A font or image as data: would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
