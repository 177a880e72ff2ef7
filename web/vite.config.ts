// Builds the pages into dist/web: one HTML, hashed scripts and styles, nothing from elsewhere.
import path from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: path.join(import.meta.dirname, "..", "dist", "web"),
    emptyOutDir: true,
    // Scripts that are inlined would need a hash in the Content-Security-Policy.
    assetsInlineLimit: 0,
    target: "baseline-widely-available",
  },
  server: {
    proxy: { "^/(predict|v2|healthz|readyz|openapi.json|playground.json|status.json)": "http://127.0.0.1:8080" },
  },
});
