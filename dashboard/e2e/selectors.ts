/**
 * Stable names for browser tests and screenshots. Roles with names where people use them, test ids for the rest.
 * Roles are for `page.getByRole(role, { name })`, labels for `page.getByLabel`, css for `page.locator`.
 */
export const signIn = {
  form: "[data-testid=sign-in-form]",
  startLinkNeeded: "[data-testid=start-link-needed]",
  emailLabel: "E-mail",
  nameLabel: "Name",
  submit: { role: "button", name: "Sign in" },
} as const;

export const plans = {
  list: "[data-testid=plans]",
  choose: (label: string) => ({ role: "button", name: `Choose ${label}` }) as const,
  /** On Stripe's page, as its stand-in has it. */
  pay: "[data-testid=pay]",
  returned: "[data-testid=checkout-return]",
} as const;

/** Clerk's form, as its stand-in has it. */
export const hosted = { form: "[data-testid=clerk-form]", emailLabel: "Email address" } as const;

/** What stands where something is still being loaded. */
export const pageState = { loading: "[data-testid=loading]" } as const;

export const wizard = {
  modelStep: "[data-testid=wizard-model]",
  ownKeyChoice: { role: "radio", name: /^Your Anthropic key/ },
  demoChoice: { role: "radio", name: /^Demo model/ },
  keyLabel: "Anthropic API key",
  checkKey: { role: "button", name: "Check and continue" },
  /** In place of checkKey with the demo model, or with a key that is stored already. */
  toName: { role: "button", name: "Continue" },
  nameStep: "[data-testid=wizard-name]",
  nameLabel: "Name",
  personalityLabel: "Personality",
  deploy: { role: "button", name: "Deploy agent" },
  deployStep: "[data-testid=wizard-deploy]",
  progress: { role: "progressbar" },
  log: "[data-testid=event-log]",
  toChat: { role: "button", name: "Write the first message" },
} as const;

export const chat = {
  /** In the empty thread right after the first deploy, and for a moment in the wizard. */
  liveHeading: { role: "heading", name: "Your agent is live!" },
  emptyThread: "[data-testid=empty-thread]",
  thread: "[data-testid=thread]",
  composer: "[data-testid=composer]",
  send: "[data-testid=send]",
  stop: "[data-testid=stop]",
  typing: "[data-testid=typing]",
  jumpToLatest: "[data-testid=jump-to-latest]",
  tools: "[data-testid=tools]",
  /** data-state: online, syncing, connecting, warming, asleep, trouble, offline. */
  connectionStatus: "[data-testid=connection-status]",
  /** data-role: user or assistant. data-status of a user's: queued, sending, sent, failed; of an answer: thinking, streaming, done, stopped, failed, interrupted. */
  message: "[data-testid=message]",
  userMessage: "[data-testid=message][data-role=user]",
  answer: "[data-testid=message][data-role=assistant]",
  finishedAnswer: "[data-testid=message][data-role=assistant][data-status=done]",
} as const;

export const status = {
  /** data-phase: the agent's phase. */
  state: "[data-testid=agent-state]",
  restart: "[data-testid=agent-restart]",
  stop: "[data-testid=agent-stop]",
  start: "[data-testid=agent-start]",
  delete: "[data-testid=agent-delete]",
  /** In the dialog, which asks for the agent's name; the label starts with "Type". */
  confirmDeleteLabel: /^Type /,
  confirmDelete: { role: "button", name: /^Delete / },
} as const;

export const settings = {
  storedKey: "[data-testid=stored-key]",
  removeKey: { role: "button", name: "Remove" },
  confirmRemoveKey: { role: "button", name: "Remove key" },
  keyField: "input[placeholder^=sk-ant]",
  saveKey: { role: "button", name: "Check and save" },
  /** data-source: byok or demo, as the api has confirmed it; aria-busy until it has. */
  answerSource: "[data-testid=answer-source]",
  byok: { role: "radio", name: "Your Anthropic key" },
  demo: { role: "radio", name: "Demo model" },
} as const;

export const apps = {
  list: "[data-testid=app-list]",
  empty: "[data-testid=apps-empty]",
  /** data-app: its name; data-visibility; data-on. */
  app: "[data-testid=app]",
  address: "[data-testid=app-address]",
} as const;
