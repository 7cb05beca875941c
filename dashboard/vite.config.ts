import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { prerenderLanding } from "./build/prerender-landing.ts";

/** Where `npm run dev` finds the rest of the platform; `npm run up` prints the address. */
const platform = process.env["DASHBOARD_PLATFORM_URL"] ?? "http://localhost:4600";

export default defineConfig({
  plugins: [react(), tailwindcss(), prerenderLanding()],
  // The static server replaces the placeholder in each answer, so that the CSP can name a nonce instead of 'self' (design D8).
  html: { cspNonce: "__CSP_NONCE__" },
  // The CSP has no data: for scripts or fonts: everything stays a file.
  build: { outDir: "dist", assetsInlineLimit: 0, target: "es2024", chunkSizeWarningLimit: 700 },
  server: {
    proxy: {
      "/api": { target: platform, changeOrigin: false },
      "/a/": { target: platform, changeOrigin: false, ws: true },
    },
  },
});
