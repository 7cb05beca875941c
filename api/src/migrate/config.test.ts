import { expect, test } from "vitest";
import { loadMigrateConfig } from "./config.ts";

const env = {
  MIGRATE_DATABASE_URL: "postgres://postgres@postgres:5432/automna",
  MIGRATE_DATABASE_PASSWORD: "p@ss/word",
  MIGRATE_API_DATABASE_URL: "postgres://automna_api:a%40@postgres/automna",
  MIGRATE_PROVISIONER_DATABASE_URL: "postgres://automna_provisioner:b@postgres/automna",
  MIGRATE_INGRESS_DATABASE_URL: "postgres://automna_ingress:c@postgres/automna",
  MIGRATE_EGRESS_DATABASE_URL: "postgres://automna_egress:d@postgres/automna",
  MIGRATE_APPS_DATABASE_URL: "postgres://automna_apps:e@postgres/automna",
};

test("roles get the passwords that their services will use", () => {
  const { ownerUrl, passwords } = loadMigrateConfig(env);
  expect(new URL(ownerUrl).password).toBe("p%40ss%2Fword");
  expect(passwords).toEqual({
    automna_api: "a@",
    automna_provisioner: "b",
    automna_ingress: "c",
    automna_egress: "d",
    automna_apps: "e",
  });
});

test("two roles whose connection strings were mixed up get nothing", () => {
  expect(() => loadMigrateConfig({ ...env, MIGRATE_API_DATABASE_URL: env.MIGRATE_EGRESS_DATABASE_URL })).toThrow(
    "automna_api is not its own",
  );
});
