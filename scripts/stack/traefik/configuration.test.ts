import { readFileSync } from "node:fs";
import { findSpec } from "@automna/testkit/contract-files";
import { findSchemaErrors } from "@automna/testkit/json-schema";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { inCheckout } from "../../bootstrap/paths.mjs";
import { exampleEnv } from "../example-env.ts";
import { readStack } from "../read-stack.ts";

// Traefik's own description of its files and labels. Without it (npm run specs) the test says so and checks nothing.
const schemaPath = findSpec(["traefik-v3.json"]);
const labelsPath = findSpec(["traefik-v3-docker-labels.yml"]);

test.runIf(schemaPath !== null)("the static configuration is one that Traefik 3 takes", () => {
  const schema = JSON.parse(readFileSync(schemaPath ?? "", "utf8")) as object;
  const configuration = parse(readFileSync(inCheckout("compose/traefik/traefik.yml"), "utf8")) as Record<
    string,
    unknown
  >;
  expect(findSchemaErrors(schema, configuration)).toEqual([]);
  expect(findSchemaErrors(schema, { ...configuration, providers: { docker: { swarmMode: true } } })).not.toEqual([]);
});

test.runIf(labelsPath !== null)("every label is one that Traefik 3 knows", () => {
  const known = [...readFileSync(labelsPath ?? "", "utf8").matchAll(/"?(traefik\.[\w.\-<>[\]]+)=/g)].map(
    ([, label = ""]) => toPattern(label),
  );
  expect(known.length).toBeGreaterThan(150);
  const isKnown = (label: string) => label === "traefik.enable" || known.some((pattern) => pattern.test(label));
  const { services } = readStack("stack", exampleEnv);
  const labels = Object.values(services).flatMap(({ deploy }) => Object.keys(deploy.labels));
  expect(labels.length).toBeGreaterThan(20);
  expect(labels.filter((label) => !isKnown(label))).toEqual([]);
  expect(isKnown("traefik.frontend.rule")).toBe(false);
  expect(isKnown("traefik.http.services.api.loadbalancer.port")).toBe(false);
});

/** In the description things of its own choice are called `router0`, `service01` and so on. */
function toPattern(label: string): RegExp {
  const parts = label
    .split(".")
    .map((part) =>
      /^(router|service|middleware|udprouter|tcprouter)\w*\d+$/i.test(part)
        ? "[\\w-]+"
        : part.replaceAll(/[[\]<>]/g, "\\$&"),
    );
  return new RegExp(`^${parts.join("\\.")}$`, "i");
}
