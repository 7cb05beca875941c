import { once } from "node:events";
import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request as httpRequest } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { foundAppsSchema } from "@automna/contract/apps";
import { INTERNAL_HEADER } from "@automna/contract/headers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeAgentdUnderTest, type AgentdUnderTest } from "../agentd-under-test.ts";

const PAGE = "<!doctype html><title>Shop</title><h1>roses</h1>";

describe("published apps", () => {
  let agentd: AgentdUnderTest;
  let apps: string;

  beforeEach(async () => {
    agentd = makeAgentdUnderTest({ egressUrls: ["http://127.0.0.1:1"] });
    apps = join(agentd.stateDir, "apps");
    publish("shop/index.html", PAGE);
    publish("shop/img/rose.svg", "<svg/>");
    await agentd.start();
  });
  afterEach(() => agentd.remove());

  const publish = (path: string, text: string) => {
    mkdirSync(join(apps, path, ".."), { recursive: true });
    writeFileSync(join(apps, path), text);
  };
  const get = (path: string, headers: Record<string, string> = {}, method = "GET") =>
    fetch(`${agentd.url}/agentd/apps/${path}`, {
      method,
      headers: { [INTERNAL_HEADER]: agentd.keys.apps, ...headers },
      redirect: "manual",
    });
  const list = async () => {
    const answer = await fetch(`${agentd.url}/agentd/app-list`, {
      headers: { [INTERNAL_HEADER]: agentd.keys.ingress },
    });
    return foundAppsSchema.parse(await answer.json()).apps;
  };
  /** fetch would tidy the path up. */
  const getRaw = (path: string) =>
    new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(agentd.url);
      const headers = { [INTERNAL_HEADER]: agentd.keys.apps };
      httpRequest({ hostname, port, path: `/agentd/apps/${path}`, headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });

  test("are served as files, with types, validators and ranges, though no gateway runs", async () => {
    const page = await get("shop/");
    expect([page.status, page.headers.get("content-type"), await page.text()]).toEqual([
      200,
      "text/html; charset=utf-8",
      PAGE,
    ]);
    const etag = page.headers.get("etag") ?? "";
    expect((await get("shop/", { "if-none-match": etag })).status).toBe(304);
    const part = await get("shop/index.html", { range: "bytes=0-8" });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
      206,
      `bytes 0-8/${PAGE.length}`,
      "<!doctype",
    ]);
    const head = await get("shop/img/rose.svg", {}, "HEAD");
    expect([head.status, head.headers.get("content-type"), head.headers.get("content-length")]).toEqual([
      200,
      "image/svg+xml",
      "6",
    ]);
    expect(page.headers.get("set-cookie")).toBeNull();
    const folder = await get("shop/img");
    expect([folder.status, folder.headers.get("location")]).toEqual([308, "/img/"]);
  });

  test("are listed by name, with what stands in the way of showing them", async () => {
    publish("game/app.json", '{"kind":"process"}');
    publish("empty/notes.txt", "later");
    publish("Not An App/index.html", PAGE);
    symlinkSync(join(apps, "shop"), join(apps, "copy"));
    expect(await list()).toEqual([
      { name: "empty", kind: "static", problem: "no_index" },
      { name: "game", kind: "process", problem: "process_not_supported" },
      { name: "shop", kind: "static", problem: null },
    ]);
    expect((await get("game/app.json")).status).toBe(404);
  });

  test("give nothing away that lies elsewhere or begins with a dot", async () => {
    writeFileSync(join(agentd.stateDir, "secret.txt"), "canary");
    publish("shop/.env", "canary");
    publish("other/private.txt", "canary");
    symlinkSync(join(agentd.stateDir, "secret.txt"), join(apps, "shop/file-link"));
    symlinkSync(agentd.stateDir, join(apps, "shop/folder-link"));
    symlinkSync(join(apps, "shop/.env"), join(apps, "shop/dot-link"));
    symlinkSync(agentd.stateDir, join(apps, "linked"));
    mkdirSync(join(apps, "indexed"));
    symlinkSync(join(agentd.stateDir, "secret.txt"), join(apps, "indexed/index.html"));
    const socket = createServer().listen(join(apps, "shop/socket"));
    await once(socket, "listening");
    for (const path of [
      "shop/file-link",
      "shop/folder-link/secret.txt",
      "shop/dot-link",
      "shop/.env",
      "shop/%2eenv",
      "shop/../other/private.txt",
      "shop/..%2fother/private.txt",
      "shop/%2e%2e/%2e%2e/secret.txt",
      "shop/img/../../../secret.txt",
      "shop//index.html",
      "shop/index.html/",
      "shop/index.html%00.png",
      "shop/socket",
      "linked/secret.txt",
      "indexed/",
      "nothing/",
    ])
      expect(await getRaw(path), path).toBe(404);
    socket.close();
    expect(await getRaw("shop/img/rose.svg")).toBe(200);
    // A link that stays inside is the agent's own way of arranging files.
    symlinkSync(join(apps, "shop/index.html"), join(apps, "shop/start.html"));
    expect(await getRaw("shop/start.html")).toBe(200);
  });

  test("follow what the agent does: changed, gone, back again", async () => {
    publish("shop/index.html", "new");
    expect(await (await get("shop/")).text()).toBe("new");
    renameSync(join(apps, "shop"), join(apps, "store"));
    expect([(await get("shop/")).status, (await get("store/")).status]).toEqual([404, 200]);
    rmSync(apps, { recursive: true });
    expect(await list()).toEqual([]);
    publish("shop/index.html", PAGE);
    expect((await get("shop/")).status).toBe(200);
  });

  test("survive agentd's restart, and the program that serves them its own death", async () => {
    expect((await get("shop/")).status).toBe(200);
    const [pid = 0] = programs(agentd.pid());
    process.kill(pid, "SIGKILL");
    await expect.poll(async () => (await get("shop/")).status).toBe(200);
    const second = programs(agentd.pid());
    await agentd.end("SIGKILL");
    await expect.poll(() => second.filter(isAlive)).toEqual([]);
    await agentd.start();
    expect((await get("shop/")).status).toBe(200);
  });

  const isRoot = process.getuid?.() === 0;
  test.runIf(isRoot)("are read as the gateway's user, who can't read agentd's own folder", async () => {
    const uids = { agent: 1_900_000_802, gateway: 1_900_000_803 };
    const own = makeAgentdUnderTest({ egressUrls: ["http://127.0.0.1:1"], uids });
    try {
      mkdirSync(join(own.stateDir, "apps/shop"), { recursive: true });
      writeFileSync(join(own.stateDir, "apps/shop/index.html"), PAGE);
      for (const path of ["apps", "apps/shop", "apps/shop/index.html"])
        chownSync(join(own.stateDir, path), uids.gateway, uids.gateway);
      await own.start();
      const headers = { [INTERNAL_HEADER]: own.keys.apps };
      expect((await fetch(`${own.url}/agentd/apps/shop/`, { headers })).status).toBe(200);
      const [pid = 0] = programs(own.pid());
      expect(statSync(`/proc/${pid}`).uid).toBe(uids.gateway);
    } finally {
      await own.remove();
    }
  });
});

/** Children of agentd that serve apps. */
function programs(agentdPid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const isChild = readFileSync(`/proc/${pid}/status`, "latin1").includes(`PPid:\t${agentdPid}\n`);
        return isChild && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("app-program");
      } catch {
        return false;
      }
    });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
