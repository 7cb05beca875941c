/** What the owner wants to be true. */
export const desiredStates = ["running", "stopped", "deleted"] as const;
export type DesiredState = (typeof desiredStates)[number];

/** Whose model answers: the customer's own key, or the platform's labelled demo model. */
export const modelSources = ["byok", "demo"] as const;
export type ModelSource = (typeof modelSources)[number];
