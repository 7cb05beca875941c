/**
 * Puts a command under the gateway's user (design D6): no capability, no way to get one back, and killed by the
 * kernel when agentd dies, so that a volume never has two writers. Without a user the command runs as agentd itself.
 */
export function launch(uid: number | null, command: readonly string[]): string[] {
  if (uid === null) return [...command];
  const id = String(uid);
  return [
    "setpriv",
    "--reuid",
    id,
    "--regid",
    id,
    "--clear-groups",
    "--inh-caps=-all",
    "--ambient-caps=-all",
    "--no-new-privs",
    "--pdeathsig",
    "KILL",
    "--",
    ...command,
  ];
}
