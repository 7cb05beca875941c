import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Page } from "@automna/testkit/browser";

/** axe-core as one script for the page. It is put in by the browser's debugger, so that no CSP has to allow it. */
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResults {
  violations: {
    id: string;
    impact: string | null;
    help: string;
    nodes: { target: string[]; failureSummary?: string }[];
  }[];
}

/** What axe-core finds serious or critical on the page as it is now: one line for each element. */
export async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate("document.fonts.ready");
  await page.evaluate(AXE);
  const { violations } = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary = "" }) => `${id} (${help}): ${target.join(" ")} ${failureSummary}`),
    );
}
