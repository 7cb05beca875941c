import { Agent, request } from "node:http";
import type { Job, Measured, Target } from "./jobs.ts";
import { makeMeter } from "./meter.ts";

/** Long answers, read as they come: megabytes, or event streams. A unit is a megabyte or an event. */
export async function askStreams(
  { connections, count, path, unitsEach }: Extract<Job, { kind: "streams" }>,
  { port, pid, prefixes, headers }: Target,
): Promise<Measured> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const meter = makeMeter(pid, count * unitsEach);
  const ask = () =>
    new Promise<void>((resolve, reject) => {
      const askedAt = performance.now();
      const options = { port, host: "127.0.0.1", agent, path: (prefixes[0] ?? "") + path, headers: headers[0] ?? {} };
      const sent = request(options, (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`unexpected answer: ${answer.statusCode}`));
        answer.on("error", reject).resume();
        answer.on("end", () => {
          for (let unit = 0; unit < unitsEach; unit += 1) meter.done(performance.now() - askedAt);
          resolve();
        });
      });
      sent.on("error", reject).end();
    });
  let begun = 0;
  const work = async () => {
    while (begun < count) {
      begun += 1;
      await ask();
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, work));
    return await meter.result;
  } finally {
    agent.destroy();
  }
}
