import type { AttackCase, AttackClass, ControlName } from "../attack-case.ts";
import { hasArrived, mine, requestText, upgradeText } from "../request-text.ts";

/** Node's own deadline for a head is 15 s here and looked at every 5 s. */
export const SLOW_MS = 26_000;

export function limitClasses(): AttackClass[] {
  return [{ name: "oversized everything", cases: oversized() }];
}

function oversized(): AttackCase[] {
  const long = (kB: number) => "y".repeat(kB * 1_024);
  const many = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => line(index));
  const lenient: ControlName = "http-proxy, lenient";
  const send = (
    name: string,
    control: ControlName,
    parts:
      | Parameters<typeof requestText>[1]
      | ((lane: Parameters<typeof requestText>[0]) => Parameters<typeof requestText>[1]),
  ): AttackCase => ({
    name,
    control,
    send: (lane) => requestText(lane, typeof parts === "function" ? parts(lane) : parts),
    succeeded: hasArrived,
  });
  return [
    ...[17, 64, 512].map((kB) => send(`a header of ${kB} kB`, lenient, { lines: [`x: ${long(kB)}`] })),
    send("a header name of 17 kB", lenient, { lines: [`x${long(17)}: 1`] }),
    ...[130, 500].map((count) =>
      send(`${count} headers`, "no framing", { lines: many(count, (index) => `x${index}: 1`) }),
    ),
    send("10,000 headers", lenient, { lines: many(10_000, (index) => `x${index}: 1`) }),
    ...[17, 64].map((kB) => send(`a target of ${kB} kB`, lenient, (lane) => ({ target: mine(lane, `/${long(kB)}`) }))),
    ...[9, 14].map((kB) =>
      send(`a target of ${kB} kB, within what the parser takes`, "no target", (lane) => ({
        target: mine(lane, `/${long(kB)}`),
      })),
    ),
    send("a query of 9 kB", "no target", (lane) => ({ target: mine(lane, `/x?${long(9)}`) })),
    send("cookies of 17 kB", lenient, (lane) => ({ cookie: `${lane.anna.cookie}; x=${long(17)}` })),
    {
      name: "an upgrade with a header of 17 kB",
      control: lenient,
      send: (lane) => upgradeText(lane, {}, { lines: [`x: ${long(17)}`] }),
      succeeded: hasArrived,
    },
    {
      name: "an upgrade with 130 headers",
      control: "no framing",
      send: (lane) => upgradeText(lane, {}, { lines: many(130, (index) => `x${index}: 1`) }),
      succeeded: hasArrived,
    },
  ];
}

/** Connections that send almost nothing and are kept all the same; looked at once, when ours has had its time. */
export function slowClass(): AttackClass {
  const isKept: AttackCase["succeeded"] = ({ isOpen }) => isOpen;
  const control: ControlName = "http-proxy, lenient";
  return {
    name: "slow-loris",
    cases: [
      { name: "nothing at all", control, send: () => "", succeeded: isKept },
      { name: "half a request line", control, send: (lane) => `GET ${mine(lane)}`, succeeded: isKept },
      { name: "half a head", control, send: (lane) => requestText(lane).slice(0, -4), succeeded: isKept },
      {
        name: "a head that drips",
        control,
        send: (lane) => [requestText(lane).slice(0, -2), ...Array.from({ length: 1_500 }, () => "x: 1\r\n")],
        succeeded: isKept,
      },
      { name: "half an upgrade", control, send: (lane) => upgradeText(lane).slice(0, -2), succeeded: isKept },
      {
        name: "half a second request",
        control,
        // The parts between give the first one time for its answer.
        send: (lane) => [requestText(lane), ...Array.from({ length: 20 }, () => ""), requestText(lane).slice(0, -2)],
        succeeded: isKept,
      },
    ],
  };
}
