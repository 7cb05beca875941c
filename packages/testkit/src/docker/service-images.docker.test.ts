import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { command } from "./command.ts";
import { findProgram } from "./find-docker.ts";
import { loadImage } from "./image-builder.ts";
import { buildTestImages, testImages, type TestImageName } from "./images.ts";
import { startSwarmLab, type SwarmLab } from "./swarm-lab.ts";

const services = ["api", "proxy", "provisioner", "dashboard", "socketProxy"] as const satisfies TestImageName[];
/** Of the tools that build and test, and the libraries of pages. */
const NEVER_SHIPPED = ["typescript", "vitest", "prisma", "vite", "react", "playwright-core", "turbo"];

let lab: SwarmLab;
beforeAll(async () => {
  const tar = await buildTestImages(services);
  lab = await startSwarmLab({ size: 1 });
  await loadImage(lab.manager.engine.docker, tar);
});
afterAll(() => lab.remove());

/** With a port that is none every service ends before it does anything. */
const PORTS = ["API", "INGRESS", "EGRESS", "APPS", "PROVISIONER_HEALTH", "DASHBOARD", "SOCKET_PROXY"];
/** What the configuration says of it, or of anything else that is missing: by then all imports are there. */
const WRONG_PORT = "Invalid input: expected";

/** Runs one command in a container without a network, and answers what it printed. */
function runInside(image: string, ...argv: string[]): Promise<string> {
  const docker = [findProgram("docker") ?? "docker", `--host=unix://${lab.manager.engine.socketPath}`] as const;
  const wrongPorts = PORTS.map((name) => `--env=${name}_PORT=none`);
  return command([
    ...docker,
    "run",
    "--rm",
    "--network=none",
    "--read-only",
    "--cap-drop=ALL",
    ...wrongPorts,
    image,
    ...argv,
  ]);
}

describe.each(services.map((name) => testImages[name].tag))("%s", (tag) => {
  test("runs as a user who can change nothing in it", async () => {
    const { Config: config } = await lab.manager.engine.docker.getImage(tag).inspect();
    expect(config.User).toBe("1000:1000");
    expect(await runInside(tag, "find", "/app", "-writable", "-not", "-type", "l")).toBe("");
  });

  test("brings production's packages and no tools", async () => {
    const packages = (await runInside(tag, "ls", "/app/node_modules")).split("\n");
    expect(packages).toContain("zod");
    for (const name of NEVER_SHIPPED) expect(packages).not.toContain(name);
  });

  test("is looked at by a shell that costs next to nothing, and says when nobody answers", async () => {
    expect(await runInside(tag, "/app/health-check.sh", "1", "/healthz").catch(String)).toContain("Connection refused");
  });

  test("starts: all that it imports is there, and it reads its configuration", async () => {
    expect(await runInside(tag).catch(String)).toContain(WRONG_PORT);
  });
});

test("each of the proxy's three processes starts from its one image", async () => {
  for (const main of ["main-ingress", "main-egress", "main-apps"])
    expect(await runInside(testImages.proxy.tag, "node", `/app/proxy/src/${main}.ts`).catch(String)).toContain(
      WRONG_PORT,
    );
});
