import { expect, test } from "vitest";
import { newKeyRingJson } from "@automna/service-kit/secret-box";
import { loadApiConfig } from "./config.ts";

const common = {
  API_PORT: "0",
  API_DATABASE_URL: "postgres://automna_api:x@127.0.0.1:5432/automna",
  API_ORIGIN: "http://localhost:4600/",
  API_IDENTITY_ISSUER: "automna-local",
  API_SESSION_JWT_KEY: "-----BEGIN PUBLIC KEY-----",
  API_MODEL_KEY_RING: newKeyRingJson(),
};
const local = {
  ...common,
  API_IDENTITY: "local",
  API_IDENTITY_PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----",
  API_IDENTITY_START_KEY: "k".repeat(32),
};

test("the local set-up needs no more than this, and the origin loses its slash", () => {
  const config = loadApiConfig(local);
  expect(config).toMatchObject({
    host: "127.0.0.1",
    origin: "http://localhost:4600",
    freeTier: "local",
    modelProviderUrl: "https://api.anthropic.com",
  });
});

test("the local issuer refuses production, an outside address and an outside origin", () => {
  expect(() => loadApiConfig({ ...local, NODE_ENV: "production" })).toThrow(/refused with NODE_ENV=production/);
  for (const host of ["0.0.0.0", "::", "192.168.1.4", "127.0.0.1.evil.example"]) {
    expect(() => loadApiConfig({ ...local, API_HOST: host })).toThrow(/only listens on loopback/);
  }
  expect(() => loadApiConfig({ ...local, API_ORIGIN: "https://automna.example" })).toThrow(
    /needs a loopback API_ORIGIN/,
  );
});

test("Clerk may listen anywhere, in production too", () => {
  const clerk = {
    ...common,
    API_IDENTITY: "clerk",
    API_CLERK_PUBLISHABLE_KEY: "pk_live_x",
    NODE_ENV: "production",
    API_HOST: "0.0.0.0",
    API_ORIGIN: "https://automna.example",
  };
  expect(loadApiConfig(clerk).identity).toMatchObject({ issuer: "clerk", publishableKey: "pk_live_x" });
});

test("what is missing is named with its purpose", () => {
  expect(() => loadApiConfig({ ...local, API_IDENTITY_START_KEY: undefined })).toThrow(
    /API_IDENTITY_START_KEY \(local: secret/,
  );
  expect(() => loadApiConfig({ ...local, API_DATABASE_URL: undefined })).toThrow(/API_DATABASE_URL \(Postgres/);
});
