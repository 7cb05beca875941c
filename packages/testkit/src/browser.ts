import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

export type { Browser, BrowserContext, ConsoleMessage, Locator, Page } from "playwright-core";

/** No sandbox: as root there is none. The others keep the browser from talking to anybody but the page. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const USUAL_PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of this machine's Chromium, or null. CHROMIUM_PATH decides where it is set. */
export function findChromium(env: Readonly<Record<string, string | undefined>> = process.env): string | null {
  const chosen = env["CHROMIUM_PATH"];
  return [...(chosen ? [chosen] : USUAL_PLACES)].find((path) => existsSync(path)) ?? null;
}

/** Starts Chromium without a window. Throws a sentence that says what to do when there is none. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null)
    throw new Error(
      "There is no Chromium on this machine. Install one (on Debian: apt-get install chromium) or set CHROMIUM_PATH.",
    );
  // Ctrl-C is ours to handle: whoever launched it closes it.
  return chromium.launch({
    executablePath,
    args: ARGUMENTS,
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}
