import { Transform } from "node:stream";
import { z } from "zod";
import { serviceNamePattern } from "./slot-names.ts";

const eventSchema = z.object({
  Type: z.string(),
  Actor: z.object({ Attributes: z.record(z.string(), z.string()).nullish() }),
});
const LINE_BYTES_MAX = 64 * 1024;

/** What the provisioner may hear of: its slots' services, and nodes. */
export function isEventForProvisioner(line: string): boolean {
  const { success, data } = eventSchema.safeParse(parseJson(line));
  if (!success) return false;
  if (data.Type === "node") return true;
  return data.Type === "service" && serviceNamePattern.test(data.Actor.Attributes?.["name"] ?? "");
}

/** Passes whole lines that are to be kept. */
export function keepLines(keeps: (line: string) => boolean): Transform {
  let rest = "";
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const lines = `${rest}${chunk.toString("utf8")}`.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LINE_BYTES_MAX) {
        done(new Error("a line of the engine's is too long"));
        return;
      }
      done(
        null,
        lines
          .filter(keeps)
          .map((line) => `${line}\n`)
          .join(""),
      );
    },
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
