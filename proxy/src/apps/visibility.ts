import { defaultAppSettings } from "@automna/core/apps/app-settings";
import type { AppRecord } from "@automna/records/apps";
import type { AppSite } from "./sites.ts";

/** Who asks, as far as is proven. */
export type Visitor = "anybody" | "with password" | "owner";

/** What becomes of a visit, whatever state the agent is in. `hidden` looks like a host that was never given out. */
export type Visit =
  | { kind: "hidden" }
  | { kind: "ask password" }
  | {
      kind: "serve";
      /** Anybody may see it. */
      isPublic: boolean;
      /** The platform knows that the agent has it; of others only the agent can tell. */
      isKnown: boolean;
    };

const hidden: Visit = { kind: "hidden" };

/** The owner's settings for an app; null = they have not looked at it. */
export function settingsOf(site: AppSite, name: string): AppRecord | null {
  return site.apps.find((app) => app.name === name) ?? null;
}

/** Decides on a visit. Pure. */
export function judgeVisit(site: AppSite | null, name: string, visitor: Visitor): Visit {
  if (site === null || site.userState !== "active") return hidden;
  if (site.phase === "deleting" || site.phase === "deleted") return hidden;
  const app = settingsOf(site, name);
  const { isOn, visibility } = app ?? defaultAppSettings;
  if (!isOn) return hidden;
  const isKnown = app?.isPresent ?? false;
  switch (visibility) {
    case "public":
      return { kind: "serve", isPublic: true, isKnown };
    case "private":
      return visitor === "owner" ? { kind: "serve", isPublic: false, isKnown } : hidden;
    case "password":
      if (visitor !== "anybody") return { kind: "serve", isPublic: false, isKnown };
      return isKnown && app?.passwordHash !== null ? { kind: "ask password" } : hidden;
  }
}
