const isApple = typeof navigator !== "undefined" && /Mac|iP(hone|ad)/.test(navigator.userAgent);

export const shortcutKeys = { palette: isApple ? "⌘K" : "Ctrl K" } as const;

/** Everything the keyboard can do, for the `?` overlay. */
export const shortcuts: readonly { keys: string; does: string }[] = [
  { keys: shortcutKeys.palette, does: "Search and actions" },
  { keys: "?", does: "These shortcuts" },
  { keys: "Enter", does: "Send the message" },
  { keys: "Shift Enter", does: "New line" },
  { keys: "Esc", does: "Stop the answer, or close what is open" },
];

/** What a key press outside of a text field asks for; null = nothing of ours. */
export function shortcutFor(
  event: Pick<KeyboardEvent, "key" | "metaKey" | "ctrlKey" | "altKey">,
  isTyping: boolean,
): "palette" | "shortcuts" | null {
  if ((event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === "k") return "palette";
  if (event.key === "?" && !isTyping && !event.metaKey && !event.ctrlKey && !event.altKey) return "shortcuts";
  return null;
}
