/** Values for everything that the stacks ask for, for tests. */
export const exampleEnv = {
  AUTOMNA_VERSION: "test",
  AUTOMNA_HOST: "automna.example",
  AUTOMNA_ORIGIN: "https://automna.example",
  AUTOMNA_INSTALLATION: "production",
  APPS_ORIGIN: "https://apps.example",
  APPS_DOMAIN: "apps.example",
  DOCKER_SOCKET_GID: "998",
  CLERK_FRONTEND_URL: "https://clerk.automna.example",
  CLERK_PUBLISHABLE_KEY: "pk_test_Y2xlcmsuYXV0b21uYS5leGFtcGxlJA",
  AGENT_IMAGE: "automna/agent:test",
  AGENT_EGRESS_URLS: "http://10.0.0.2:4080",
  AGENT_PORTS: "21000-21999",
  NODE_GUARD_JSON: "{}",
} as const satisfies Record<string, string>;
