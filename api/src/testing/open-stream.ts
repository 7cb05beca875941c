import type { TestBrowser } from "./test-browser.ts";

export interface StreamEvent {
  event: string;
  id: string | null;
  data: unknown;
}

export interface TestStream {
  status: number;
  events: StreamEvent[];
  comments: string[];
  /** Resolves when the server has ended the stream. */
  ended: Promise<void>;
  hasEnded: () => boolean;
  close: () => void;
}

/** Reads server-sent events as a browser does. */
export async function openTestStream(
  browser: TestBrowser,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<TestStream> {
  const aborter = new AbortController();
  const response = await fetch(url, {
    headers: {
      cookie: browser.cookieHeader(),
      accept: "text/event-stream",
      "sec-fetch-site": "same-origin",
      ...headers,
    },
    signal: aborter.signal,
  });
  const events: StreamEvent[] = [];
  const comments: string[] = [];
  let hasEnded = false;
  const read = async () => {
    let rest = "";
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (rest + chunk).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) take(block, events, comments);
    }
  };
  const ended = read()
    .catch(() => undefined)
    .finally(() => {
      hasEnded = true;
    });
  return { status: response.status, events, comments, ended, hasEnded: () => hasEnded, close: () => aborter.abort() };
}

function take(block: string, events: StreamEvent[], comments: string[]): void {
  const fields = new Map(
    block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
  );
  const comment = fields.get("");
  if (comment !== undefined) comments.push(comment);
  const event = fields.get("event");
  if (event !== undefined)
    events.push({ event, id: fields.get("id") ?? null, data: JSON.parse(fields.get("data") ?? "null") });
}
