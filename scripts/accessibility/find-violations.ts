import type { Page } from "@automna/testkit/browser";
import axe from "axe-core";

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
  // By the browser's debugger, so that no CSP has to allow it.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary = "" }) => `${id} (${help}): ${target.join(" ")} ${failureSummary}`),
    );
}
