/** Installations with Clerk: its own component takes this place when it is configured and loaded. */
export function HostedSignIn() {
  return (
    <div className="grid gap-3">
      <h1 className="text-28 font-semibold tracking-tight">Sign in</h1>
      <p className="text-16 text-ink-2">
        Accounts of this installation are kept by Clerk, and its sign-in is not part of this build. Ask whoever runs the
        installation to add it.
      </p>
    </div>
  );
}
