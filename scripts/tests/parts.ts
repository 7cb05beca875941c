import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findSpec } from "@automna/testkit/contract-files";
import { inCheckout } from "../bootstrap/paths.mjs";
import { CHECK_PARTS } from "../checks/parts.ts";
import { runChecks } from "../checks/run-checks.ts";
import { ensureBrowser } from "../ensure-browser.ts";
import { ensureDocker } from "../ensure-docker.ts";
import { ensureRedis } from "../ensure-redis.ts";
import { loadScenarios } from "../verify/harness/catalogue.ts";
import { runProcess } from "./run-process.ts";
import { inSandbox } from "./sandbox.ts";
import { countScenario } from "./scenario-line.ts";
import { countTests, type TestCounts } from "./vitest-report.ts";

/** In this order: what fails fast comes first. */
export const TEST_PARTS = ["check", "unit", "integration", "gateway", "browser", "docker", "scenarios"] as const;
export type TestPart = (typeof TEST_PARTS)[number];

/** Runs one part, showing what it does, and counts. */
export const runPart: Record<TestPart, () => Promise<TestCounts>> = {
  check: async () => ({ ...(await runChecks(CHECK_PARTS)), notRun: [] }),
  unit: () => runVitest("unit"),
  integration: withRedis,
  gateway: () => runVitest("gateway"),
  docker: () => withDocker("all docker tests", () => runVitest("docker")),
  browser: () => withBrowser("all browser tests", () => runVitest("browser")),
  scenarios: () => withBrowser("all scenarios", runScenarios),
};

async function withBrowser(what: string, run: () => Promise<TestCounts>): Promise<TestCounts> {
  const browser = await ensureBrowser();
  if ("missing" in browser) return { passed: 0, failures: [], notRun: [`${what}: ${browser.missing}`] };
  process.env["CHROMIUM_PATH"] = browser.path;
  return run();
}

/** Tests that need Redis skip themselves where it is missing, and are counted as not run. */
async function withRedis(): Promise<TestCounts> {
  const problem = await ensureRedis();
  if (problem !== null) console.log(`  … ${problem}`);
  return runVitest("integration");
}

async function withDocker(what: string, run: () => Promise<TestCounts>): Promise<TestCounts> {
  const problem = await ensureDocker();
  return problem === null ? run() : { passed: 0, failures: [], notRun: [`${what}: ${problem}`] };
}

function runVitest(project: string): Promise<TestCounts> {
  return inSandbox(async (env) => {
    const report = join(env["TMPDIR"] ?? "", "vitest-report.json");
    const vitest = inCheckout("node_modules/vitest/vitest.mjs");
    const args = ["run", "--project", project, "--passWithNoTests", "--reporter=default", "--reporter=json"];
    const command = [process.execPath, vitest, ...args, `--outputFile.json=${report}`] as const;
    const { code } = await runProcess(command, { env, shown: "all" });
    return countTests(existsSync(report) ? readFileSync(report, "utf8") : null, code);
  });
}

async function runScenarios(): Promise<TestCounts> {
  const counts: TestCounts = { passed: 0, failures: [], notRun: [] };
  for (const { name, needsSpec, needsDocker = false } of await loadScenarios()) {
    if (needsSpec !== undefined && findSpec(needsSpec) === null) {
      counts.notRun.push(`${name}: it needs ${needsSpec.join(" or ")}; \`npm run specs\` fetches it`);
      continue;
    }
    const problem = needsDocker ? await ensureDocker() : null;
    if (problem !== null) {
      counts.notRun.push(`${name}: ${problem}`);
      continue;
    }
    console.log(`\n— ${name}`);
    const { passed, failures } = await inSandbox(async (env) => {
      const command = [process.execPath, inCheckout("scripts/verify.ts"), name, "--quick", "--json"] as const;
      const { code, output } = await runProcess(command, { env, shown: "stderr" });
      console.log(output.trimEnd());
      return countScenario(name, output, code);
    });
    counts.passed += passed;
    counts.failures.push(...failures);
  }
  return counts;
}
