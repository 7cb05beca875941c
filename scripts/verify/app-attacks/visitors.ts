import { PASS_COOKIE } from "../../../proxy/src/apps/app-pass.ts";
import { hostOf, type VisitAnswer } from "../../../proxy/test/apps-harness.ts";
import { ADAS_APPS, PASSWORD, type AppAttack, type AppAttackClass, type AppSide } from "./app-attack.ts";

const isServed = ({ status, body }: VisitAnswer) => status === 200 && body.includes("slotId");
const open = async ({ visit, ada }: AppSide, name: string, headers: Record<string, string> = {}, path = "/") =>
  isServed(await visit(hostOf(name, ada), path, { headers }));

/** Who is not let in, and what they may show. */
export function visitorClasses(): AppAttackClass[] {
  return [
    { name: "hidden apps", attacks: hidden() },
    { name: "forged passes", attacks: forgedPasses() },
    { name: "cookie tossing", attacks: cookieTossing() },
    { name: "tickets", attacks: tickets() },
    { name: "password form", attacks: passwordForm() },
    { name: "password guessing", attacks: guessing() },
    { name: "other sites' pages", attacks: otherSites() },
    { name: "service workers", attacks: serviceWorkers() },
  ];
}

function hidden(): AppAttack[] {
  const { own, locked, off } = ADAS_APPS;
  const asStranger = (name: string, what: string): AppAttack => ({
    name: `a stranger opens ${what}`,
    control: "visit",
    run: (side) => open(side, name),
  });
  return [
    asStranger(own, "a private app"),
    asStranger(locked, "an app with a password"),
    asStranger(off, "an app that is off"),
    {
      name: "a stranger opens a private app with the owner's session cookie, tossed here",
      control: "visit",
      run: (side) => open(side, own, { cookie: "__session=eyJhbGciOiJSUzI1NiJ9.e30.x" }),
    },
    {
      name: "the owner opens an app that is off",
      control: "visit",
      run: async (side) => open(side, off, { cookie: await side.passFor(off, "owner") }),
    },
    {
      name: "whoever knew the password opens the app after it became private",
      control: "visit",
      async run(side) {
        const cookie = await side.passFor(locked, "visitor");
        await side.ada.setApp(locked, { visibility: "private" });
        try {
          await settle();
          return await open(side, locked, { cookie });
        } finally {
          await side.ada.setApp(locked, { visibility: "password" });
          await settle();
        }
      },
    },
  ];
}

function forgedPasses(): AppAttack[] {
  const { own, locked } = ADAS_APPS;
  const forged = (name: string, app: string, make: (side: AppSide) => Promise<string> | string): AppAttack => ({
    name,
    control: "passes",
    run: async (side) => open(side, app, { cookie: await make(side) }),
  });
  const later = String(Math.floor(Date.now() / 1_000) + 3_600);
  return [
    forged(
      "a pass of one's own making",
      own,
      () => `${PASS_COOKIE}=v1.owner.${later}.sess_0123456789.${"A".repeat(43)}`,
    ),
    forged(
      "a password pass of one's own making",
      locked,
      () => `${PASS_COOKIE}=v1.password.${later}.-.${"A".repeat(43)}`,
    ),
    forged("the pass of another app of the same owner", own, (side) => side.passFor(locked, "owner")),
    forged("the password pass made an owner's", own, async (side) =>
      (await side.passFor(locked, "visitor")).replace("v1.password.", "v1.owner.").replace(".-.", ".sess_0123456789."),
    ),
    forged("the owner's pass with another session", own, async (side) =>
      (await side.passFor(own, "owner")).replace(/sess_\w+/, "sess_9876543210"),
    ),
    forged("a pass with a later end", own, async (side) =>
      (await side.passFor(own, "owner")).replace(/owner\.\d+/, `owner.${later}9`),
    ),
    forged("a pass that has ended", own, () => `${PASS_COOKIE}=v1.owner.1000000000.sess_0123456789.${"A".repeat(43)}`),
    forged("a pass without its seal", own, async (side) =>
      (await side.passFor(own, "owner")).replace(/[\w-]{43}$/, ""),
    ),
  ];
}

function cookieTossing(): AppAttack[] {
  const { own } = ADAS_APPS;
  // A neighbour under the apps domain sets cookies for the whole domain; browsers send them along, in any order.
  const tossed = (name: string, arrange: (good: string, bad: string) => string): AppAttack => ({
    name,
    control: "passes",
    async run(side) {
      const good = await side.passFor(own, "owner");
      return open(side, own, { cookie: arrange(good, `${PASS_COOKIE}=v1.owner.1.sess_0123456789.x`) });
    },
  });
  return [
    tossed("a second pass behind the real one", (good, bad) => `${good}; ${bad}`),
    tossed("a second pass before the real one", (good, bad) => `${bad}; ${good}`),
    tossed("a pass under a name with another case", (good) => good.replace("__Host-", "__host-") + `; x=${good}`),
  ];
}

function tickets(): AppAttack[] {
  const { own, locked } = ADAS_APPS;
  const enter = async (side: AppSide, name: string, ticket: string) =>
    (await side.visit(hostOf(name, side.ada), `/.automna/enter?ticket=${ticket}`)).pass !== null;
  return [
    {
      name: "a ticket is used twice",
      control: "single use",
      async run(side) {
        const ticket = await side.ada.ticket(own);
        await enter(side, own, ticket);
        return enter(side, own, ticket);
      },
    },
    {
      name: "the ticket of another app",
      control: "ticket",
      run: async (side) => enter(side, own, await side.ada.ticket(locked)),
    },
    {
      name: "somebody else's ticket for an app of the same name",
      control: "ticket",
      run: async (side) => enter(side, own, await side.bert.ticket(own)),
    },
  ];
}

function passwordForm(): AppAttack[] {
  const from = (name: string, headers: (side: AppSide) => Record<string, string>): AppAttack => ({
    name,
    control: "formOrigin",
    run: async (side) => (await sendPassword(side, PASSWORD, headers(side))).pass !== null,
  });
  return [
    from("posted by another site", () => ({ origin: "https://evil.example" })),
    from("posted by a neighbour", (side) => ({ origin: `http://${hostOf("shop", side.bert)}` })),
    from("posted by the apps domain itself", () => ({ origin: "http://apps.test" })),
    from("posted from an opaque origin", () => ({ origin: "null" })),
    from("posted without an origin", () => ({})),
    from("posted over another scheme", (side) => ({ origin: `https://${hostOf(ADAS_APPS.locked, side.ada)}` })),
  ];
}

/** The right one is far down the attacker's list. */
const GUESSES = 60;

function guessing(): AppAttack[] {
  const guess = (name: string, addressOf: (index: number) => string): AppAttack => ({
    name,
    control: "attempts",
    async run(side) {
      const own = { origin: `http://${hostOf(ADAS_APPS.locked, side.ada)}` };
      for (let index = 0; index <= GUESSES; index += 1) {
        const password = index === GUESSES ? PASSWORD : `wrong guess ${index}`;
        const headers = { ...own, "x-test-address": addressOf(index) };
        if ((await sendPassword(side, password, headers)).pass !== null) return true;
      }
      return false;
    },
  });
  return [
    guess("from one address", () => "203.0.113.1"),
    guess("from as many addresses as guesses", (index) => `198.51.100.${index}`),
  ];
}

function otherSites(): AppAttack[] {
  const { own, locked } = ADAS_APPS;
  const within = (name: string, site: string, mode: string, dest: string): AppAttack => ({
    name,
    control: "ownPage",
    async run(side) {
      const app = dest === "script" ? locked : own;
      const cookie = await side.passFor(app, app === own ? "owner" : "visitor");
      return open(side, app, { cookie, "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest });
    },
  });
  return [
    within("as a script of a neighbour's page", "same-site", "no-cors", "script"),
    within("as an image of another site", "cross-site", "no-cors", "image"),
    within("in a frame of another site", "cross-site", "navigate", "iframe"),
    within("in a frame of a neighbour", "same-site", "navigate", "frame"),
    within("by a neighbour's fetch", "same-site", "cors", "empty"),
    within("as an embedded object", "same-site", "navigate", "embed"),
  ];
}

function serviceWorkers(): AppAttack[] {
  const install = (name: string, headers: Record<string, string>): AppAttack => ({
    name,
    control: "serviceWorker",
    run: (side) => open(side, ADAS_APPS.open, headers, "/sw.js"),
  });
  return [
    install("installed by an app's page", { "service-worker": "script" }),
    install("installed by a browser that names the destination", { "sec-fetch-dest": "serviceworker" }),
  ];
}

function sendPassword(side: AppSide, password: string, headers: Record<string, string>): Promise<VisitAnswer> {
  return side.visit(hostOf(ADAS_APPS.locked, side.ada), "/.automna/password", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams({ password }).toString(),
  });
}

/** A notification needs a moment to arrive. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 200));
}
