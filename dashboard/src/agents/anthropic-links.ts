/** Where a customer gets and pays for a key. */
export const anthropicLinks = {
  keys: "https://console.anthropic.com/settings/keys",
  billing: "https://console.anthropic.com/settings/billing",
} as const;
