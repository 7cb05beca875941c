import { parseAppLabel } from "@automna/core/apps/app-name";

/** Which app a request asks for: read once from its Host, then used by everyone (S14). */
export interface AppHost {
  name: string;
  handle: string;
  /** `<app>--<handle>`. */
  label: string;
  /** As browsers name the app's origin. */
  origin: string;
}

/** Null for every host that is not exactly one that we give out. */
export type ParseHost = (header: string | undefined) => AppHost | null;

/**
 * Reads a Host header strictly: the text that browsers send for an app's address and nothing else. Another spelling of the
 * same name (capitals, a dot at the end, the default port, an internationalised form) is another host here, so that no two
 * parts can disagree on it.
 */
export function makeHostParser(appsOrigin: string): ParseHost {
  const { protocol, host } = new URL(appsOrigin);
  const suffix = `.${host}`;
  return (header) => {
    if (header === undefined || !header.endsWith(suffix)) return null;
    const label = header.slice(0, -suffix.length);
    const words = parseAppLabel(label);
    return words === null ? null : { ...words, label, origin: `${protocol}//${label}${suffix}` };
  };
}
