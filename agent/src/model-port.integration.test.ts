import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { makeSilentLog } from "@automna/service-kit/log";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openModelPort, type ModelPort } from "./model-port.ts";

interface Egress {
  url: string;
  server: Server;
  bodies: string[];
  headers: Record<string, unknown>[];
}

describe("the model port", () => {
  const opened: (() => Promise<unknown>)[] = [];
  let deadUrl: string;

  beforeEach(async () => {
    const gone = await startEgress(() => undefined);
    await stop(gone.server);
    deadUrl = gone.url;
  });
  afterEach(async () => {
    for (const close of opened.splice(0).toReversed()) await close();
  });

  async function startEgress(answer: RequestListener): Promise<Egress> {
    const egress: Egress = { url: "", server: createServer(), bodies: [], headers: [] };
    egress.server.on("request", (request, response) => {
      egress.headers.push(request.headers);
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        egress.bodies.push(body);
        answer(request, response);
      });
    });
    egress.server.listen(0, "127.0.0.1");
    await once(egress.server, "listening");
    egress.url = `http://127.0.0.1:${(egress.server.address() as AddressInfo).port}`;
    opened.push(() => stop(egress.server));
    return egress;
  }

  async function open(egressUrls: string[]): Promise<ModelPort> {
    const port = await openModelPort({
      egressUrls,
      credential: "slt_1.1.key",
      markRun: () => ({ id: "run-1", kind: "message" }),
      log: makeSilentLog(),
    });
    opened.push(port.close);
    return port;
  }

  const call = ({ port, token }: ModelPort, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}/v1/messages`, {
      method: "POST",
      body: "question",
      headers: { "x-api-key": token, "anthropic-beta": "b1" },
      ...init,
    });

  test("puts the slot's credential in place of the token", async () => {
    const egress = await startEgress((_request, response) => response.end("answer"));
    expect(await (await call(await open([egress.url]))).text()).toBe("answer");
    expect(egress.headers[0]).toMatchObject({ "x-automna-egress": "slt_1.1.key", "anthropic-beta": "b1" });
    expect(egress.headers[0]?.["x-api-key"]).toBeUndefined();
  });

  test("goes to the next egress when the first does not answer, with the whole body", async () => {
    const egress = await startEgress((_request, response) => response.end("answer"));
    const body = "x".repeat(3_000_000);
    expect(await (await call(await open([deadUrl, egress.url]), { body })).text()).toBe("answer");
    expect(egress.bodies.map((one) => one.length)).toEqual([body.length]);
  });

  test("does not send a call twice that an egress may have carried out", async () => {
    const first = await startEgress((request) => request.socket.destroy());
    const second = await startEgress((_request, response) => response.end("answer"));
    const answer = await call(await open([first.url, second.url]));
    expect([answer.status, second.bodies.length]).toEqual([503, 0]);
    expect(await answer.json()).toMatchObject({ type: "error", error: { type: "api_error" } });
  });

  test("passes on the provider's errors as they are", async () => {
    const egress = await startEgress((_request, response) => response.writeHead(529, { "retry-after": "3" }).end("{}"));
    const answer = await call(await open([egress.url]));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([529, "3"]);
  });

  test("streams while the answer is still being made", async () => {
    const egress = await startEgress((_request, response) => {
      response.write("first ");
      setTimeout(() => response.end("second"), 300);
    });
    const answer = await call(await open([egress.url]));
    const reader = answer.body?.getReader();
    const startedMs = Date.now();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first ");
    expect(Date.now() - startedMs).toBeLessThan(200);
  });

  test("says which run the call is of, whatever the caller claims", async () => {
    const egress = await startEgress((_request, response) => response.end("{}"));
    const port = await open([egress.url]);
    await call(port, {
      headers: { "x-api-key": port.token, "x-automna-run": "paid", "x-automna-run-kind": "scheduled" },
    });
    expect(egress.headers[0]).toMatchObject({ "x-automna-run": "run-1", "x-automna-run-kind": "message" });
  });

  test("holds the answer back while nobody reads it", async () => {
    let sentBytes = 0;
    const chunk = Buffer.alloc(64 * 1_024);
    const egress = await startEgress((_request, response) => {
      const fill = () => {
        while (sentBytes < 200_000_000 && response.write(chunk)) sentBytes += chunk.length;
        if (sentBytes < 200_000_000) response.once("drain", fill);
      };
      fill();
    });
    const controller = new AbortController();
    const answer = await call(await open([egress.url]), { signal: controller.signal });
    await sleep(500);
    const afterHalfASecond = sentBytes;
    await sleep(300);
    expect(sentBytes).toBe(afterHalfASecond);
    expect(sentBytes).toBeLessThan(100_000_000);
    controller.abort();
    await answer.body?.cancel().catch(() => undefined);
  });

  test("ends the call at egress when the gateway gives up", async () => {
    const closed = Promise.withResolvers<void>();
    const egress = await startEgress((_request, response) => {
      response.once("close", () => closed.resolve());
      response.write("first");
    });
    const controller = new AbortController();
    await call(await open([egress.url]), { signal: controller.signal });
    controller.abort();
    await closed.promise;
  });

  test("breaks the answer off when egress breaks off", async () => {
    const egress = await startEgress((request, response) => {
      response.write("first");
      setTimeout(() => request.socket.destroy(), 50);
    });
    const answer = await call(await open([egress.url]));
    await expect(answer.text()).rejects.toThrow("terminated");
  });
});

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
