import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ORIGIN, startIngress, type IngressHarness, type TestCustomer } from "./ingress-harness.ts";
import { startRawAgentd, type RawAgentd } from "./raw-agentd.ts";

let ingress: IngressHarness;
beforeAll(async () => {
  ingress = await startIngress();
});
afterAll(() => ingress[Symbol.asyncDispose]());

interface Stage extends AsyncDisposable {
  anna: TestCustomer;
  agent: RawAgentd;
  ask: (path: string, init?: RequestInit) => Promise<Response>;
}

/** A customer whose agent says what it is told to. */
async function setStage(): Promise<Stage> {
  const anna = await ingress.addCustomer();
  const agent = await startRawAgentd(anna);
  const headers = { origin: ORIGIN, cookie: anna.cookie() };
  return {
    anna,
    agent,
    ask: (path, init) => fetch(`${ingress.url}/a/${anna.userId}${path}`, { ...init, headers }),
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}

const lines = (...parts: string[]) => parts.join("\r\n");
const ok = "HTTP/1.1 200 OK";
const plain = (body: string) => lines(ok, `content-length: ${body.length}`, "", body);
const until = (isSo: () => boolean) => expect.poll(isSo, { timeout: 5_000 }).toBe(true);

test.each([
  ["two lengths", lines(ok, "content-length: 5", "content-length: 50", "", "inner")],
  ["a length and chunks", lines(ok, "content-length: 5", "transfer-encoding: chunked", "", "5", "inner", "0", "", "")],
  ["a coding behind chunked", lines(ok, "transfer-encoding: chunked, gzip", "", "5", "inner", "0", "", "")],
  ["a bare LF", `${ok}\nx: y\r\ncontent-length: 5\r\n\r\ninner`],
  ["a folded line", lines(ok, "x: a", " b", "content-length: 5", "", "inner")],
  ["a header that sets another one", `${ok}\r\netag: a\rset-cookie: x=1\r\ncontent-length: 5\r\n\r\ninner`],
  ["a head of 20 kB", lines(ok, `x: ${"x".repeat(20_000)}`, "content-length: 5", "", "inner")],
  ["heads before the head without end", lines("HTTP/1.1 103 Early Hints", "", "").repeat(50)],
  ["an upgrade that nobody asked for", lines("HTTP/1.1 101 Switching Protocols", "upgrade: x", "", "inner")],
  ["no HTTP at all", "SSH-2.0-OpenSSH_9.9\r\n\r\n"],
])("an answer with %s is none: the caller hears that the agent is not there", async (_what, answer) => {
  await using stage = await setStage();
  stage.agent.onRequest = ({ socket }) => void socket.write(answer, "latin1");
  const response = await stage.ask("/x");
  expect([response.status, response.headers.get("set-cookie")]).toEqual([503, null]);
  expect(await response.text()).not.toContain("inner");
  await until(() => stage.agent.openConnections() === 0);
});

test.each([
  ["a chunk extension", "5;a=b\r\nfirst\r\n0\r\n\r\n"],
  ["a chunk longer than it says", "2\r\nfirst\r\n0\r\n\r\n"],
  ["a chunk that ends in a bare LF", "5\nfirst\r\n0\r\n\r\n"],
  ["trailers without end", `0\r\n${"x: y\r\n".repeat(2_000)}`],
])("a body with %s is cut off, and never looks complete", async (_what, body) => {
  await using stage = await setStage();
  stage.agent.onRequest = ({ socket }) => {
    socket.write(lines(ok, "transfer-encoding: chunked", "", "5", "begin", ""));
    setTimeout(() => socket.write(body), 30);
  };
  const response = await stage.ask("/x");
  await expect(response.text()).rejects.toThrow("terminated");
  await until(() => stage.agent.openConnections() === 0);
});

test.each([
  ["right behind the answer", plain("first") + plain("second"), ""],
  ["a moment later", plain("first"), plain("second")],
])("what an agent says %s is never the answer to the next request", async (_when, atOnce, later) => {
  await using stage = await setStage();
  stage.agent.onRequest = ({ socket, connection }) => {
    socket.write(connection === 0 ? atOnce : plain("third"));
    if (connection === 0 && later !== "") setTimeout(() => socket.write(later), 20);
  };
  expect(await (await stage.ask("/1")).text()).toBe("first");
  await until(() => stage.agent.openConnections() === 0);
  expect(await (await stage.ask("/2")).text()).toBe("third");
  expect(stage.agent.requests.map(({ connection }) => connection)).toEqual([0, 1]);
});

test("a body after the answer to HEAD is not read as the next answer", async () => {
  await using stage = await setStage();
  stage.agent.onRequest = ({ socket, head }) => {
    socket.write(head.startsWith("HEAD") ? plain(plain("inner")) : plain("mine"));
  };
  expect((await stage.ask("/1", { method: "HEAD" })).status).toBe(200);
  expect(await (await stage.ask("/2")).text()).toBe("mine");
});

test("an agent that closes a kept connection is asked again once for GET, and never for POST", async () => {
  await using stage = await setStage();
  const { agent } = stage;
  expect(await (await stage.ask("/1")).text()).toBe("ok");
  agent.onRequest = ({ socket, connection }) =>
    void (connection === 0 ? socket.destroy() : socket.write(plain("again")));
  expect(await (await stage.ask("/2")).text()).toBe("again");

  agent.onRequest = ({ socket }) => void socket.destroy();
  expect((await stage.ask("/3", { method: "POST", body: "x" })).status).toBe(503);
  expect(agent.requests.filter(({ head }) => head.includes("/3 "))).toHaveLength(1);
});

test("a request is not sent again that was sent over a new connection, or whose answer had begun", async () => {
  await using stage = await setStage();
  const { agent } = stage;
  agent.onRequest = ({ socket }) => void socket.destroy();
  expect((await stage.ask("/new")).status).toBe(503);
  agent.onRequest = ({ socket, head }) => {
    socket.write(head.includes("/first ") ? plain("ok") : `${ok}\r\ncont`);
    if (!head.includes("/first ")) socket.end();
  };
  await (await stage.ask("/first")).text();
  expect((await stage.ask("/begun")).status).toBe(503);
  const count = (path: string) => agent.requests.filter(({ head }) => head.includes(`${path} `)).length;
  expect([count("/new"), count("/begun")]).toEqual([1, 1]);
});

test("a connection whose request was answered before it had been sent is not used again", async () => {
  await using stage = await setStage();
  const { agent, anna } = stage;
  agent.onRequest = ({ socket }) => void socket.write(plain("early"));
  const caller = connect(ingress.port, "127.0.0.1");
  caller.on("error", () => undefined);
  caller.write(
    `POST /a/${anna.userId}/up HTTP/1.1\r\nhost: x\r\norigin: ${ORIGIN}\r\ncookie: ${anna.cookie()}\r\ncontent-length: 100\r\n\r\nhalf`,
  );
  const [chunk] = (await once(caller, "data")) as [Buffer];
  expect(chunk.toString()).toContain("early");
  await until(() => agent.openConnections() === 0);
  caller.destroy();
  await (await stage.ask("/next")).text();
  expect(agent.requests.map(({ connection }) => connection)).toEqual([0, 1]);
});

test("an agent that says close is taken at its word, and an unended answer ends with its connection", async () => {
  await using stage = await setStage();
  stage.agent.onRequest = ({ socket, connection }) => {
    if (connection === 0) socket.write(lines(ok, "connection: close", "content-length: 2", "", "ok"));
    else socket.end(lines(ok, "", "until the end"));
  };
  expect(await (await stage.ask("/1")).text()).toBe("ok");
  expect(await (await stage.ask("/2")).text()).toBe("until the end");
  expect(stage.agent.requests.map(({ connection }) => connection)).toEqual([0, 1]);
});

test("early hints stay behind, and the answer after them arrives", async () => {
  await using stage = await setStage();
  stage.agent.onRequest = ({ socket }) => {
    socket.write(
      lines("HTTP/1.1 103 Early Hints", "link: <https://evil.example/x.js>; rel=preload; as=script", "", ""),
    );
    setTimeout(() => socket.write(plain("after")), 20);
  };
  const caller = connect(ingress.port, "127.0.0.1");
  let answer = "";
  caller.on("data", (chunk) => (answer += chunk.toString()));
  caller.write(
    `GET /a/${stage.anna.userId}/x HTTP/1.1\r\nhost: x\r\norigin: ${ORIGIN}\r\ncookie: ${stage.anna.cookie()}\r\n\r\n`,
  );
  await until(() => answer.includes("after"));
  caller.destroy();
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).not.toContain("evil");
});

test("of trailers those pass that could stand in the head, in both directions", async () => {
  await using stage = await setStage();
  const { agent, anna } = stage;
  agent.onRequest = ({ socket }) =>
    void socket.write(
      lines(
        ok,
        "transfer-encoding: chunked",
        "",
        "2",
        "ok",
        "0",
        "Content-Digest: sha-256=:x:",
        "set-cookie: a=1",
        "",
        "",
      ),
    );
  const caller = connect(ingress.port, "127.0.0.1");
  let answer = "";
  caller.on("data", (chunk) => (answer += chunk.toString()));
  caller.write(
    `POST /a/${anna.userId}/x HTTP/1.1\r\nhost: x\r\norigin: ${ORIGIN}\r\ncookie: ${anna.cookie()}\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\ncontent-digest: sha-256=:y:\r\nx-automna-user: user_forged\r\ncookie: a=b\r\n\r\n`,
  );
  await until(() => answer.endsWith("\r\n0\r\ncontent-digest: sha-256=:x:\r\n\r\n"));
  expect(answer).not.toContain("set-cookie");
  await until(() => agent.received().endsWith("2\r\nhi\r\n0\r\ncontent-digest: sha-256=:y:\r\n\r\n"));
  expect(agent.received()).not.toMatch(/forged|a=b/);
  caller.destroy();
});

test("an agent that reads nothing stops the caller's upload, and its end is told", async () => {
  await using stage = await setStage();
  const { agent, anna } = stage;
  agent.onRequest = ({ socket }) => void socket.pause();
  const caller = connect(ingress.port, "127.0.0.1");
  caller.on("error", () => undefined).resume();
  const size = 256 * 1024 * 1024;
  caller.write(
    `POST /a/${anna.userId}/up HTTP/1.1\r\nhost: x\r\norigin: ${ORIGIN}\r\ncookie: ${anna.cookie()}\r\ncontent-length: ${size}\r\n\r\n`,
  );
  let queued = 0;
  const chunk = Buffer.alloc(1024 * 1024);
  const fill = () => {
    for (let isTaken = true; isTaken && queued < size; queued += chunk.length) isTaken = caller.write(chunk);
  };
  caller.on("drain", fill);
  fill();
  await until(() => agent.requests.length === 1);
  let before = -1;
  while (before !== queued) {
    before = queued;
    await sleep(300);
  }
  // Two pairs of socket buffers, a few megabytes each at most, and never the body.
  expect(queued).toBeLessThan(64 * 1024 * 1024);
  const closed = new Promise((resolve) => caller.once("close", resolve));
  agent.requests[0]?.socket.destroy();
  await closed;
});

test("answers of many agents at once, some read slowly, are never mixed", async () => {
  const stages = await Promise.all([setStage(), setStage(), setStage()]);
  const bodyOf = (mark: string) => mark.repeat(300_000);
  for (const [index, { agent }] of stages.entries()) {
    agent.onRequest = ({ socket }) => {
      const body = bodyOf(String(index));
      socket.write(lines(ok, `content-length: ${body.length}`, "", ""));
      for (let at = 0; at < body.length; at += 7_001) socket.write(body.slice(at, at + 7_001));
    };
  }
  const read = async (index: number, isSlow: boolean) => {
    const response = await stages[index]?.ask("/x");
    if (isSlow) await sleep(100);
    expect(await response?.text()).toBe(bodyOf(String(index)));
  };
  await Promise.all(Array.from({ length: 60 }, (_, turn) => read(turn % stages.length, turn % 2 === 0)));
  for (const stage of stages) await stage[Symbol.asyncDispose]();
});
