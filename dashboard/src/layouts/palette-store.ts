import { useSyncExternalStore } from "react";

type Panel = "palette" | "shortcuts" | null;

let panel: Panel = null;
const listeners = new Set<() => void>();

function show(next: Panel): void {
  panel = next;
  for (const listener of listeners) listener();
}

export const openPalette = (): void => show("palette");
export const openShortcuts = (): void => show("shortcuts");
export const closePanel = (): void => show(null);

/** Which of the two overlays is open; one at a time. */
export function usePanel(): Panel {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => panel,
  );
}
