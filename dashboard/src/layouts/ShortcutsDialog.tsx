import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import { IconButton } from "../components/IconButton.tsx";
import { closePanel } from "./palette-store.ts";
import { shortcuts } from "./shortcuts.ts";

export function ShortcutsDialog({ open }: { open: boolean }) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : closePanel())}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-veil" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed left-1/2 top-1/2 z-50 w-[min(26rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 animate-fade rounded-large border border-line bg-raised p-6 shadow-float"
        >
          <div className="flex items-center justify-between">
            <Dialog.Title className="text-16 font-semibold">Keyboard shortcuts</Dialog.Title>
            <Dialog.Close asChild>
              <IconButton label="Close">
                <X aria-hidden className="size-4" />
              </IconButton>
            </Dialog.Close>
          </div>
          <dl className="mt-3 grid">
            {shortcuts.map(({ keys, does }) => (
              <div
                key={keys}
                className="flex items-center justify-between gap-6 border-b border-line py-2.5 last:border-0"
              >
                <dt className="text-ink-2">{does}</dt>
                <dd className="flex shrink-0 gap-1">
                  {keys.split(" ").map((key) => (
                    <kbd
                      key={key}
                      className="rounded-corner border border-line bg-surface px-1.5 py-0.5 font-ui text-12 text-ink"
                    >
                      {key}
                    </kbd>
                  ))}
                </dd>
              </div>
            ))}
          </dl>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
