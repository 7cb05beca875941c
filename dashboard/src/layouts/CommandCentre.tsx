import type { AgentView } from "@automna/contract/agents";
import { lazy, Suspense, useEffect } from "react";
import { closePanel, openPalette, openShortcuts, usePanel } from "./palette-store.ts";
import { shortcutFor } from "./shortcuts.ts";
import { ShortcutsDialog } from "./ShortcutsDialog.tsx";

const CommandPalette = lazy(() => import("./CommandPalette.tsx"));

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

/** Listens for the two global shortcuts and shows what they open. */
export function CommandCentre({ agent }: { agent: AgentView | null }) {
  const panel = usePanel();
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      const shortcut = shortcutFor(event, isTyping(event.target));
      if (shortcut === null) return;
      event.preventDefault();
      if (shortcut === "palette") openPalette();
      else openShortcuts();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => {
      document.removeEventListener("keydown", onKeyDown);
      closePanel();
    };
  }, []);
  return (
    <>
      {panel === "palette" ? (
        <Suspense>
          <CommandPalette agent={agent} />
        </Suspense>
      ) : null}
      <ShortcutsDialog open={panel === "shortcuts"} />
    </>
  );
}
