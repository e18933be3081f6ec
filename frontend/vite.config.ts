import { defineConfig } from "vite";

// Every page loads main.ts; only pages with a map load map.ts, supply.ts, need-map.ts or splits.ts, and MapLibre with it.
export default defineConfig({
  base: "/static/dist/",
  publicDir: false,
  build: {
    outDir: "static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { input: ["assets/main.ts", "assets/map.ts", "assets/supply.ts", "assets/need-map.ts", "assets/splits.ts"] },
  },
});
