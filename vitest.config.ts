import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { INGOT_VERSION: JSON.stringify("0.0.0-test") },
  test: {
    include: ["test/**/*.test.ts"],
    // Two cores are the machine that CI and most laptops' containers have: fewer, longer-lived workers.
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
