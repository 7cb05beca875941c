import { parseAppLabel } from "@automna/core/apps/app-name";
import { PASS_COOKIE } from "../../../proxy/src/apps/app-pass.ts";
import type { AppGuards } from "../../../proxy/src/apps/app-guards.ts";
import { APPS_DOMAIN } from "../../../proxy/test/apps-harness.ts";

/** For each check of the apps listener a stand-in that wants to please: unsafe controls, used nowhere else. */
export const permissiveAppGuards: AppGuards = {
  framing: () => undefined,
  /** As many servers read it: any case, any port, dots at the end, the domain anywhere. */
  host(header = "") {
    const hostname = header.toLowerCase().trim().replace(/:\d*$/, "").replace(/\.+$/, "");
    const label = hostname.split(".").find((part) => part.includes("--")) ?? "";
    const words = parseAppLabel(label);
    return words === null ? null : { ...words, label, origin: `http://${label}.${APPS_DOMAIN}` };
  },
  target: (raw) => ({ kind: "file", path: raw.split("?", 1)[0] ?? "/" }),
  visit: () => ({ kind: "serve", isPublic: true, isKnown: true }),
  passes: {
    givePassword: () => "",
    giveOwner: () => "",
    hasPassword: (cookie = "") => cookie.includes(`${PASS_COOKIE}=v1.password.`),
    ownerSession: (cookie = "") => (cookie.includes(`${PASS_COOKIE}=v1.owner.`) ? "sess_believed" : null),
  },
  formOrigin: () => undefined,
  ownPage: () => undefined,
  serviceWorker: () => undefined,
  ticket: () => true,
  requestHeaders: (headers, backend) => [
    ...Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" && name !== "host" && name !== "connection" ? [name, value] : [],
    ),
    "x-automna-internal",
    backend.ingressKey,
  ],
  responseHeaders: (headers) =>
    Object.entries(headers).flatMap(([name, value]) =>
      name === "connection" || name === "transfer-encoding" ? [] : [value ?? []].flat().flatMap((one) => [name, one]),
    ),
  backendProof: async () => undefined,
};
