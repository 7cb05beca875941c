import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { newId } from "@automna/service-kit/new-id";
import { createTestDatabase } from "@automna/testkit/postgres";
import { expect, test } from "vitest";
import { makeAppMetrics } from "../src/apps/app-metrics.ts";
import type { AppVisit } from "../src/apps/app-visit.ts";
import { makeEgressMetrics } from "../src/egress/egress-metrics.ts";
import { makeIngressMetrics } from "../src/ingress/metrics.ts";
import { makeMetricsServer, type ShownMetrics } from "../src/metrics-server.ts";
import { hostOf, startAppsListener, type AppsHarness } from "./apps-harness.ts";
import { startStandInAgentd } from "./stand-in-agentd.ts";

const none = { remembered: 0, asked: 0, stale: 0, failed: 0 };
const ofProcess = ["nodejs_eventloop_lag_p99_seconds", "process_resident_memory_bytes", "process_open_fds"];
/** What operators' dashboards and alerts are built on. */
const shown: Readonly<Record<string, { metrics: ShownMetrics; names: string[] }>> = {
  ingress: {
    metrics: makeIngressMetrics(() => ({ active: () => 0, waiting: () => 0, routeLookups: () => none })),
    names: [
      "proxy_requests_total",
      "proxy_upgrades_total",
      "proxy_refusals_total",
      "proxy_bytes_total",
      "proxy_request_seconds",
      "proxy_active",
      "proxy_waiting_sockets",
      "proxy_route_lookups_total",
    ],
  },
  egress: {
    metrics: makeEgressMetrics(),
    names: [
      "egress_calls_total",
      "egress_refusals_total",
      "egress_tokens_total",
      "egress_credits_total",
      "egress_provider_dollars_total",
      "egress_usage_rows_lost_total",
      "egress_call_seconds",
    ],
  },
  apps: {
    metrics: makeAppMetrics(() => ({ active: () => 0, lookups: () => ({ handle: none, site: none, session: none }) })),
    names: [
      "apps_requests_total",
      "apps_refusals_total",
      "apps_bytes_total",
      "apps_request_seconds",
      "apps_active",
      "apps_lookups_total",
    ],
  },
};

test.each(Object.keys(shown))(
  "%s shows its metrics under the names that operators know, and nothing else",
  async (name) => {
    const { metrics, names } = shown[name] ?? expect.unreachable();
    const server = makeMetricsServer(metrics).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const text = await (await fetch(`${url}/metrics`)).text();
    const found = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, metric = ""]) => metric);
    for (const each of ofProcess) expect(found).toContain(each);
    const own = found.filter((metric) => !/^(nodejs|process)_/.test(metric));
    expect(own.toSorted((one, other) => one.localeCompare(other))).toEqual(
      names.toSorted((one, other) => one.localeCompare(other)),
    );
    expect((await fetch(url)).status).toBe(404);
    server.close();
  },
);

test("each visit of an app is counted once, by its kind, with its parts and its bytes, and by nobody's name", async () => {
  const database = await createTestDatabase();
  const visits: AppVisit[] = [];
  const metrics = makeAppMetrics(() => apps.counts);
  const apps: AppsHarness = await startAppsListener(database, {
    onVisit(visit) {
      visits.push(visit);
      metrics.observe(visit);
    },
  });
  const agentd = await startStandInAgentd({ slotId: newId("slt"), agentId: newId("agt") });
  const ada = await apps.addOwner(agentd);
  await ada.setApp("shop");
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const answer = await apps.visit(hostOf("shop", ada), "/", { headers: { traceparent } });
  expect(answer.status).toBe(200);
  await apps.visit(hostOf("shop", ada), "/", { method: "PUT" });
  await apps.visit("shop--nobody.apps.test", "/");
  await expect.poll(() => visits.length).toBe(3);
  expect(visits[0]?.toLogLine()).toMatchObject({ traceId: traceparent.slice(3, 35), agent: ada.agentId, status: 200 });
  expect(agentd.seen[0]?.headers["traceparent"]).toBe(traceparent);

  const text = await metrics.text();
  expect(text).toMatch(/^apps_requests_total\{kind="file",status="2xx"\} 1$/m);
  expect(text).toMatch(/^apps_refusals_total\{code="method_not_allowed"\} 1$/m);
  expect(text).toMatch(/^apps_request_seconds_count\{phase="answer"\} 1$/m);
  expect(text).toMatch(/^apps_request_seconds_count\{phase="total"\} 3$/m);
  expect(text).toMatch(new RegExp(`^apps_bytes_total ${answer.body.length}$`, "m"));
  expect(text).toMatch(/^apps_lookups_total\{what="handle",result="asked"\} 2$/m);
  expect(text).toMatch(/^apps_active 0$/m);
  for (const name of [ada.userId, ada.agentId, ada.handle]) expect(text).not.toContain(name);
  await apps[Symbol.asyncDispose]();
  await agentd.crash();
  await database.drop();
});
