import { useSyncExternalStore } from "react";

export const themeModes = ["system", "light", "dark"] as const;
export type ThemeMode = (typeof themeModes)[number];

/** index.html reads the same key before the first paint. */
const STORAGE_KEY = "automna.theme";
const listeners = new Set<() => void>();

export function toThemeMode(value: string | null | undefined): ThemeMode {
  return value === "light" || value === "dark" ? value : "system";
}

function getMode(): ThemeMode {
  return toThemeMode(document.documentElement.dataset["theme"]);
}

/** Applies a mode at once and remembers it in this browser. */
export function setThemeMode(mode: ThemeMode): void {
  if (mode === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = mode;
  try {
    if (mode === "system") localStorage.removeItem(STORAGE_KEY);
    else localStorage.setItem(STORAGE_KEY, mode);
  } catch {
    // Storage is closed (private mode): the choice lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useThemeMode(): ThemeMode {
  return useSyncExternalStore(subscribe, getMode);
}
