import type { IncomingMessage, ServerResponse } from "node:http";
import { createSession, createUser, type ClerkState } from "./clerk-routes.ts";

/** Where Clerk's frontend API serves its browser client from. */
export const CLERK_JS_PATH = "/npm/@clerk/clerk-js@5/dist/clerk.browser.js";

/**
 * What stands in for Clerk's browser client: the few of its methods that the dashboard uses, over a form that asks for
 * an address alone. As the real one it keeps the session cookie of the page's own origin fresh.
 */
const CLERK_JS = `(() => {
  const base = new URL(document.currentScript.src).origin;
  const KEY = "stand-in-clerk-session";
  const listeners = new Set();
  const post = async (path, body) => {
    const answer = await fetch(base + path, { method: "POST", body: JSON.stringify(body) });
    return answer.ok ? answer.json() : null;
  };
  const setCookie = (token) => { document.cookie = "__session=" + token + "; path=/; samesite=lax" + (token === "" ? "; max-age=0" : ""); };
  const clerk = {
    loaded: false, user: null, session: null,
    async load() { clerk.loaded = true; const id = localStorage.getItem(KEY); if (id !== null) await take(id); },
    addListener(listen) { listeners.add(listen); return () => listeners.delete(listen); },
    mountSignIn: (node, props) => mount(node, props, "Sign in"),
    mountSignUp: (node, props) => mount(node, props, "Sign up"),
    unmountSignIn: (node) => node.replaceChildren(),
    unmountSignUp: (node) => node.replaceChildren(),
    async signOut() { localStorage.removeItem(KEY); clerk.user = clerk.session = null; setCookie(""); },
  };
  const take = async (id) => {
    const made = await post("/stand-in/token", { id });
    if (made === null) { localStorage.removeItem(KEY); setCookie(""); return null; }
    localStorage.setItem(KEY, id);
    setCookie(made.jwt);
    clerk.user = { id: made.userId };
    clerk.session = { id, getToken: async () => { const again = await post("/stand-in/token", { id }); setCookie(again?.jwt ?? ""); return again?.jwt ?? null; } };
    for (const listen of listeners) listen({ user: clerk.user, session: clerk.session });
    return made;
  };
  const mount = (node, props, label) => {
    const form = document.createElement("form");
    form.dataset.testid = "clerk-form";
    const input = Object.assign(document.createElement("input"), { type: "email", name: "email", ariaLabel: "Email address" });
    const button = Object.assign(document.createElement("button"), { textContent: label });
    form.append(input, button);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const { id } = await post("/stand-in/sign-in", { email: input.value });
      await take(id);
      location.assign(props.forceRedirectUrl ?? "/");
    });
    node.replaceChildren(form);
  };
  window.Clerk = clerk;
})();`;

/** Clerk's frontend, as far as a browser needs it. False = an address of the backend API. */
export async function answerFrontend(
  state: ClerkState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const path = request.url ?? "";
  const open = { "access-control-allow-origin": request.headers.origin ?? "*" };
  if (path === CLERK_JS_PATH) {
    response.writeHead(200, { "content-type": "text/javascript", ...open }).end(CLERK_JS);
    return true;
  }
  if (!path.startsWith("/stand-in/")) return false;
  const asked = JSON.parse(await readText(request)) as { email?: string; id?: string };
  const answer = path === "/stand-in/sign-in" ? signInBy(state, asked.email ?? "") : tokenOf(state, asked.id ?? "");
  response.writeHead(answer === null ? 401 : 200, { "content-type": "application/json", ...open });
  response.end(JSON.stringify(answer));
  return true;
}

function signInBy(state: ClerkState, email: string): { id: string } {
  const known = [...state.users.values()].find((user) => user.email === email);
  return { id: createSession(state, (known ?? createUser(state, email)).id).id };
}

function tokenOf(state: ClerkState, id: string): { jwt: string; userId: string } | null {
  const session = state.sessions.get(id);
  if (session === undefined || session.status !== "active") return null;
  return { jwt: state.signToken(session), userId: session.userId };
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString("utf8");
  return text;
}
