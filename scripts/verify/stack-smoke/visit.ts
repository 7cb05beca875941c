import { request } from "node:http";
import type { FakeClerk } from "@automna/testkit/fakes/clerk/fake-clerk";
import type { ScenarioContext } from "../harness/scenario.ts";

/** What somebody without an account sees at the edge. */
export async function visit(ctx: ScenarioContext, origin: string, clerk: FakeClerk): Promise<void> {
  await ctx.eventually("the edge has learned its routes", async () =>
    (await fetch(`${origin}/api/health`).catch(() => null))?.ok === true ? true : null,
  );
  const page = await fetch(origin);
  const policy = page.headers.get("content-security-policy") ?? "";
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? "none";
  ctx.hold(page.ok && (await page.text()).includes(`nonce="${nonce}"`), "the landing page comes with its policy");
  ctx.hold(policy.includes(clerk.issuer), "pages may reach Clerk's frontend", policy);
  const app = await askHost(origin, "shop--nobody.apps.example");
  const nobody = await askHost(origin, "evil.example");
  ctx.hold(nobody.status === 404, "another host name is nobody's", nobody);
  ctx.hold(
    app.status === 404 && app.body !== nobody.body,
    "a name below the apps domain is answered by the apps listener",
    app,
  );
  ctx.hold((await fetch(`${origin}/api/me`)).status === 401, "without a session the api lets nobody in");
}

/** What an address answers under another host name, which fetch would not send. */
function askHost(origin: string, host: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(origin, { headers: { host }, agent: false }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (body += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    })
      .on("error", reject)
      .end();
  });
}
