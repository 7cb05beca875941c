/** The other end of startPinned: what a measured or measuring process reads, says and answers. */
export function settings(): unknown {
  return JSON.parse(process.argv[2] ?? "{}");
}

export function reportReady(facts: Record<string, unknown>): void {
  process.send?.(facts);
}

/** Answers each message; an orphan ends. */
export function answerMessages(answer: (message: object) => Promise<object> | object): void {
  process.on("message", (message: object) => {
    Promise.resolve(message)
      .then(answer)
      .then(
        (answered) => process.send?.(answered),
        (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
      );
  });
  process.on("disconnect", () => process.exit());
}

/** Answers `gc`: what is still in memory afterwards is needed. */
export async function collectGarbage(): Promise<object> {
  const { gc } = globalThis;
  // The second finds what the first one's finalizers let go of.
  for (let turn = 0; turn < 3; turn += 1) {
    await gc?.({ type: "major", execution: "async" });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { collected: gc !== undefined };
}
