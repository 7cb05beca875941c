/** What the owner wants to be true. */
export const desiredStates = ["running", "stopped", "deleted"] as const;
export type DesiredState = (typeof desiredStates)[number];

/** Whose model answers: the customer's own key, the platform's key paid in credits, or its labelled demo model. */
export const modelSources = ["byok", "credits", "demo"] as const;
export type ModelSource = (typeof modelSources)[number];
