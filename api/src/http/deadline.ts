import { appError } from "@automna/contract/error-catalogue";

/** The promise's own outcome, or `service_unavailable` after `timeoutMs`; what comes later is nobody's any more. */
export async function withDeadline<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(appError("service_unavailable", { cause: new Error(`no answer in ${timeoutMs} ms`) })),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
