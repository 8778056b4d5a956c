import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const backend = process.env.HEADRACE_BACKEND ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "/static/dist/",
  plugins: [react()],
  build: {
    outDir: "../../static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "baseline-widely-available",
    // The page's policy is script-src 'self': nothing may be inlined, and no polyfill script is wanted.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rollupOptions: { input: "src/main.tsx" },
  },
  worker: { format: "es" },
  server: {
    proxy: { "/api": backend, "/ws": { target: backend, ws: true } },
  },
});
