/** The part of Clerk's browser client that we use (https://clerk.com/docs/references/javascript/clerk). */
export interface ClerkBrowser {
  load(options: { signInUrl: string; signUpUrl: string }): Promise<void>;
  user: { id: string } | null | undefined;
  session: { getToken(options?: { skipCache?: boolean }): Promise<string | null> } | null | undefined;
  mountSignIn(node: HTMLDivElement, props: ClerkFormProps): void;
  unmountSignIn(node: HTMLDivElement): void;
  mountSignUp(node: HTMLDivElement, props: ClerkFormProps): void;
  unmountSignUp(node: HTMLDivElement): void;
  signOut(): Promise<void>;
}

interface ClerkFormProps {
  routing: "hash";
  signInUrl: string;
  signUpUrl: string;
  forceRedirectUrl: string;
}

export interface ClerkSource {
  publishableKey: string;
  frontendUrl: string;
}

/** Where Clerk's frontend API serves the client of this major version, which it keeps up to date. */
const SCRIPT = "/npm/@clerk/clerk-js@5/dist/clerk.browser.js";

let loading: Promise<ClerkBrowser> | null = null;

/** Clerk's client, from the installation's own frontend, loaded once. Rejects when it can't be had; then it may be tried again. */
export function loadClerk(source: ClerkSource): Promise<ClerkBrowser> {
  loading ??= load(source).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load({ publishableKey, frontendUrl }: ClerkSource): Promise<ClerkBrowser> {
  const script = document.createElement("script");
  script.src = frontendUrl + SCRIPT;
  script.async = true;
  script.crossOrigin = "anonymous";
  script.dataset["clerkPublishableKey"] = publishableKey;
  const loaded = Promise.withResolvers<void>();
  script.addEventListener("load", () => loaded.resolve());
  script.addEventListener("error", () => loaded.reject(new Error("Clerk's sign-in could not be loaded.")));
  document.head.append(script);
  await loaded.promise;
  const clerk = window.Clerk;
  if (clerk === undefined) throw new Error("Clerk's sign-in could not be loaded.");
  await clerk.load({ signInUrl: "/sign-in", signUpUrl: "/sign-up" });
  return clerk;
}

declare global {
  interface Window {
    Clerk?: ClerkBrowser;
  }
}
