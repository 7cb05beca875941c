const words: Readonly<Record<string, string>> = {
  preparing_workspace: "Preparing the workspace",
  preparing_context: "Reading what came before",
  provisioning_environment: "Preparing the workspace",
  memory_flushing: "Tidying its memory",
  starting_model: "Thinking",
};

/** The gateway's phase of a run in words; unknown and missing ones are thinking. */
export function phaseWord(phase: string | null): string {
  return words[phase ?? ""] ?? "Thinking";
}
