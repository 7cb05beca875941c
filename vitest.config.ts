import { defineConfig } from "vitest/config";

const SOURCE = "{packages/*,prisma,api,provisioner,nodekeeper,proxy,agent,dashboard,socket-proxy,scripts,bench}";
const postgres = "packages/testkit/src/postgres-global-setup.ts";

// Tests that start servers, browsers and gateways are bound by the processor, not by waiting: two at a time.
const FEW = 2;
// What is waited for comes when a busy machine gets to it; vitest's own second is for an idle one.
const expectPatiently = { poll: { timeout: 15_000 } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [`${SOURCE}/**/*.test.{ts,tsx}`],
          exclude: ["**/node_modules/**", "**/*.{integration,gateway,docker}.test.ts"],
        },
      },
      {
        test: {
          name: "integration",
          expect: expectPatiently,
          include: [`${SOURCE}/**/*.integration.test.ts`],
          globalSetup: postgres,
          maxWorkers: FEW,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "gateway",
          expect: expectPatiently,
          include: [`${SOURCE}/**/*.gateway.test.ts`],
          globalSetup: postgres,
          maxWorkers: 1,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: "docker",
          expect: expectPatiently,
          include: [`${SOURCE}/**/*.docker.test.ts`],
          globalSetup: postgres,
          maxWorkers: FEW,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: "browser",
          expect: expectPatiently,
          include: ["{dashboard/e2e,scripts}/**/*.e2e.ts"],
          globalSetup: postgres,
          maxWorkers: 1,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
