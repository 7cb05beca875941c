import type { IncomingMessage } from "node:http";
import { appPasswordSchema } from "@automna/contract/apps";
import { appError } from "@automna/contract/error-catalogue";
import { isAppError } from "@automna/core/shared/app-error";
import { isPassword } from "@automna/service-kit/password-hash";
import { parseAppTarget } from "./app-target.ts";

export interface PasswordForm {
  /** Null = nothing that could be one. */
  password: string | null;
  /** A path of this host. */
  to: string;
}

const BODY_MAX_BYTES = 8_192;
const BODY_TIMEOUT_MS = 10_000;

/** Reads the posted form. Throws `unsupported_media_type`, `body_too_large`, `invalid_request`. */
export async function readPasswordForm(request: IncomingMessage): Promise<PasswordForm> {
  if (!/^application\/x-www-form-urlencoded(?:;|$)/i.test(request.headers["content-type"] ?? ""))
    throw appError("unsupported_media_type");
  const fields = new URLSearchParams(await readText(request));
  const password = appPasswordSchema.safeParse(fields.get("password"));
  return { password: password.success ? password.data : null, to: toOwnPath(fields.get("to")) };
}

async function readText(request: IncomingMessage): Promise<string> {
  const deadline = setTimeout(() => request.destroy(), BODY_TIMEOUT_MS);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > BODY_MAX_BYTES) throw appError("body_too_large", { details: { maxBytes: BODY_MAX_BYTES } });
      chunks.push(chunk);
    }
  } catch (cause) {
    throw isAppError(cause) ? cause : appError("invalid_request", { cause });
  } finally {
    clearTimeout(deadline);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Never another site's page: a path that this host would serve, else the first page. */
function toOwnPath(to: string | null): string {
  try {
    const target = parseAppTarget(to ?? "/");
    return target.kind === "file" ? target.path : "/";
  } catch (error) {
    if (isAppError(error)) return "/";
    throw error;
  }
}

/** Each check takes 32 MB and some hundred milliseconds of a core. */
const CHECKS_AT_ONCE = 2;
const CHECKS_WAITING_MAX = 20;

/** Checks a few passwords at a time. Throws `too_many_requests` when too many wait. */
export function makePasswordCheck(): (password: string, hash: string) => Promise<boolean> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (password, hash) => {
    if (running >= CHECKS_AT_ONCE) {
      if (waiting.length >= CHECKS_WAITING_MAX)
        throw appError("too_many_requests", { details: { limit: "passwords", retryAfterS: 5 } });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await isPassword(password, hash);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
