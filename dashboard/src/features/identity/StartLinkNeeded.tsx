/** A browser that did not come through the start link: what that is and where to find it. */
export function StartLinkNeeded() {
  return (
    <div className="grid gap-5" data-testid="start-link-needed">
      <h1 className="text-28 font-semibold tracking-tight">Open the start link first</h1>
      <p className="text-16 text-ink-2">
        This Automna belongs to whoever started it. When it came up, it printed a link in the terminal; opening that
        link once lets this browser sign in.
      </p>
      <div className="grid gap-2 rounded-large border border-line bg-surface p-4">
        <p className="text-13 text-ink-3">Can't find it, or it has been used? Get a new one:</p>
        <code className="font-mono text-14">npm run up</code>
      </div>
    </div>
  );
}
