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
  check: async () => ({ ...(await runChecks(CHECK_PARTS)), unsteady: [], notRun: [] }),
  unit: () => runVitest("unit"),
  integration: withRedis,
  gateway: () => runVitest("gateway"),
  docker: () => withDocker("all docker tests", () => runVitest("docker")),
  browser: () => withBrowser("all browser tests", () => runVitest("browser")),
  scenarios: () => withBrowser("all scenarios", runScenarios),
};

async function withBrowser(what: string, run: () => Promise<TestCounts>): Promise<TestCounts> {
  const browser = await ensureBrowser();
  if ("missing" in browser) return { passed: 0, failures: [], unsteady: [], notRun: [`${what}: ${browser.missing}`] };
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
  return problem === null ? run() : { passed: 0, failures: [], unsteady: [], notRun: [`${what}: ${problem}`] };
}

function runVitest(project: string): Promise<TestCounts> {
  return inSandbox(async (env) => {
    const report = join(env["TMPDIR"] ?? "", "vitest-report.json");
    const vitest = inCheckout("node_modules/vitest/vitest.mjs");
    const tries = project === "unit" ? [] : ["--retry=1"];
    const args = ["run", "--project", project, "--passWithNoTests", "--reporter=default", "--reporter=json", ...tries];
    const command = [process.execPath, vitest, ...args, `--outputFile.json=${report}`] as const;
    const { code } = await runProcess(command, { env, shown: "all" });
    return countTests(existsSync(report) ? readFileSync(report, "utf8") : null, code);
  });
}

/**
 * Real engines, browsers and clocks on a machine that others use too: what fails is run once more, and named when it holds
 * then. What fails twice has failed.
 */
async function runScenarios(): Promise<TestCounts> {
  const counts: TestCounts = { passed: 0, failures: [], unsteady: [], notRun: [] };
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
    const first = await runOne(name);
    const last = first.failures.length === 0 ? first : await runOne(name);
    counts.passed += last.passed;
    counts.failures.push(...last.failures);
    if (last !== first && last.failures.length === 0) counts.unsteady.push(...first.failures);
  }
  return counts;
}

function runOne(scenario: string): Promise<TestCounts> {
  console.log(`\n— ${scenario}`);
  return inSandbox(async (env) => {
    const command = [process.execPath, inCheckout("scripts/verify.ts"), scenario, "--quick", "--json"] as const;
    const { code, output } = await runProcess(command, { env, shown: "stderr" });
    console.log(output.trimEnd());
    return countScenario(scenario, output, code);
  });
}
