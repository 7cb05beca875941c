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

/** Frames that scroll sideways without having been made to: on a phone their content is cut off. Tables that may are marked so. */
const FIND_TOO_WIDE = `[...document.querySelectorAll("*")]
  .filter((element) => element.scrollWidth > element.clientWidth + 1 && !element.classList.contains("overflow-x-auto"))
  .filter((element) => element === document.documentElement || ["auto", "scroll"].includes(getComputedStyle(element).overflowX))
  .map((element) => "wider than its frame: " + element.tagName + "#" + element.id + " " + element.className)`;

/** What axe-core finds serious or critical on the page as it is now, and what is wider than the window: one line for each element. */
export async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate("document.fonts.ready");
  // By the browser's debugger, so that no CSP has to allow it.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  const tooWide = await page.evaluate<string[]>(FIND_TOO_WIDE);
  const found = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary = "" }) => `${id} (${help}): ${target.join(" ")} ${failureSummary}`),
    );
  return [...found, ...tooWide];
}
