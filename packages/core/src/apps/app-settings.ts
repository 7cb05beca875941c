/** Who sees an app: anybody, whoever knows its password, its owner alone. */
export const appVisibilities = ["public", "password", "private"] as const;
export type AppVisibility = (typeof appVisibilities)[number];

/** A folder of files, or a program that answers by itself. */
export const appKinds = ["static", "process"] as const;
export type AppKind = (typeof appKinds)[number];

/** Why an app that was published can't be shown. */
export const appProblems = ["no_index", "process_not_supported"] as const;
export type AppProblem = (typeof appProblems)[number];

const problemTexts: Record<AppProblem, string> = {
  no_index: "Its folder has no index.html yet.",
  process_not_supported:
    "Apps that run a program of their own are not supported yet. Publish a folder of files instead.",
};

export function appProblemText(problem: AppProblem): string {
  return problemTexts[problem];
}

/** What holds for an app that its owner has not looked at: published is published. */
export const defaultAppSettings = { isOn: true, visibility: "public" } as const;
