/** Folder of the volume that holds what the agent publishes; one folder per app. */
export const APPS_FOLDER = "apps";

/** What the agent is taught about publishing, as OpenClaw's skill files by path below its `skills` folder. */
export function agentSkills(stateDir: string): Record<string, string> {
  return { "publish-app/SKILL.md": publishAppSkill(`${stateDir}/${APPS_FOLDER}`) };
}

function publishAppSkill(appsDir: string): string {
  return `---
name: publish-app
description: Publish a small web app or page under an address of its own. Use it when your person wants a web page, a web app, a dashboard, a game, or anything that others should open in a browser.
---

# Publish a web app

Every folder below \`${appsDir}\` is a web app with an address of its own. There is nothing to start and nothing to ask for:
what lies in the folder is served as it is.

1. Choose a name: small letters, digits and single dashes, at most 32 characters, for example \`garden-plan\`.
2. Write the files to \`${appsDir}/<name>/\`. The first page is \`index.html\`; style sheets, scripts, images and further pages lie
   beside it or in folders below. Link them by relative paths (\`style.css\`, \`img/rose.png\`).
3. Tell your person that it is published and that they find its address on the page "Apps" of their dashboard. There they can
   switch it off, give it a password or keep it private.

Keep in mind:

- A new app can be seen by anybody who knows its address. Never put anything private into it unless your person has made it
  private or given it a password; ask first when in doubt.
- Only files are served: no program of yours runs for visitors, so build apps that work in the browser alone.
- Files and folders that begin with a dot, and links that lead out of the app's folder, are not served.
- To take an app away, delete its folder.
`;
}
