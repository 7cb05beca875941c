import { apiRoutes } from "@automna/contract/api-routes";
import { agentKeepAlivePath, agentPath, agentPrewarmPath, agentSocketPath } from "@automna/contract/paths";
import { describe, expect, test } from "vitest";
import { listDashboardPages } from "../accessibility/dashboard-pages.ts";
import { routeOf } from "../edge/route.ts";
import { exampleEnv } from "./example-env.ts";
import { readStack } from "./read-stack.ts";
import { chooseRouter, toRouter } from "./traefik/routers.ts";

const { services } = readStack("stack", exampleEnv);
const routers = Object.entries(services).flatMap(([service, { deploy }]) => {
  const router = toRouter(deploy.labels);
  return router === null ? [] : [{ service, ...router }];
});
const serviceOf = (host: string, path: string) => chooseRouter(routers, { host, path })?.service ?? null;
const platform = exampleEnv.AUTOMNA_HOST;
const filled = (path: string) => path.replaceAll(/[:$][A-Za-z]+/g, "x1");

const apiPaths = Object.values(apiRoutes).map(({ path }) => filled(path));
const pages = listDashboardPages().map(filled);
const userId = "user_2abcdefgh";
const agentPaths = [agentPath, agentSocketPath, agentKeepAlivePath, agentPrewarmPath].map((toPath) => toPath(userId));

describe("every address of the product has one service", () => {
  test("the lists are what the code has", () => {
    expect(apiPaths.length).toBeGreaterThan(60);
    expect(pages.length).toBeGreaterThan(10);
  });

  test.each(apiPaths)("%s is the api's", (path) => {
    expect(serviceOf(platform, path)).toBe(path.startsWith("/api") ? "api" : "dashboard");
  });

  test.each(pages)("%s is the dashboard's", (path) => {
    expect(serviceOf(platform, path)).toBe("dashboard");
  });

  test.each(agentPaths)("%s is the ingress's", (path) => {
    expect(serviceOf(platform, path)).toBe("ingress");
  });

  test.each(["/", "/api/me", "/a/user_1/ws", "/assets/x.js"])("%s below the apps domain is an app's", (path) => {
    for (const host of ["shop--ada.apps.example", "SHOP--ada.APPS.example", "apps.example", "x.y.apps.example"])
      expect(serviceOf(host, path), host).toBe("apps");
  });

  test.each(["evil.example", "automna.example.evil", "apps.example.evil", "", "10.0.0.1"])(
    "host %j is nobody's",
    (host) => {
      for (const path of ["/", "/api/me", "/a/user_1"]) expect(serviceOf(host, path)).toBeNull();
    },
  );

  test("egress, the provisioner and Docker are behind no rule", () => {
    expect(routers.map(({ service }) => service).toSorted()).toEqual(["api", "apps", "dashboard", "ingress"]);
  });
});

test("the edge of the embedded set-up sends every path where Traefik sends it", () => {
  const odd = ["/apiary", "/about", "/a", "/api", "//api/me", "/%61pi", "/A/user_1", "/a//", "/api/", "/ap"];
  for (const path of [...apiPaths, ...pages, ...agentPaths, ...odd])
    expect(`${path} ${serviceOf(platform, path)}`).toBe(`${path} ${routeOf(path)}`);
});
