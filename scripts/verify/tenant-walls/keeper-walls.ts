import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROVISIONER_CERTIFICATE_NAME } from "@automna/contract/nodekeeper";
import type { KeyPair } from "@automna/service-kit/cell-certificates";
import { makeCellCertificates, type KeeperCall, type LabNodekeeper } from "@automna/testkit/docker/lab-nodekeeper";
import type { ScenarioContext } from "../harness/scenario.ts";
import { makeAttempts } from "../steps/walls/attempt.ts";
import type { Place } from "./place.ts";

const OPEN_DOOR = fileURLToPath(new URL("open-door.ts", import.meta.url));
const GUARD = "only the provisioner's certificate opens nodekeeper";

/**
 * nodekeeper from an address that the guard lets in: by somebody there without the provisioner's certificate, and with what root finds on
 * a customer's own node.
 */
export async function attackKeepers(ctx: ScenarioContext, place: Place): Promise<void> {
  const { cell } = place.installation;
  const { neighbour, dedicated } = place;
  const keeper = cell.keepers.get(neighbour.node.nodeId);
  ctx.must(keeper !== undefined, "B's node has a nodekeeper");
  const foreign = await makeCellCertificates();
  const identities: readonly [string, KeyPair | null][] = [
    ["without a certificate", null],
    ["with the dedicated node's own", certificateOf(dedicated.engine.socketPath)],
    ["with one of another CA in the provisioner's name", await foreign.sign(PROVISIONER_CERTIFICATE_NAME, "client")],
    ["with one of the cell in another name", await cell.certificates.sign("somebody.automna", "client")],
  ];
  const fresh = `slt_${ctx.random.hex(20)}`;
  const calls: readonly [string, KeeperCall, RegExp][] = [
    ["lists the slots", { path: "/v1/slots" }, new RegExp(neighbour.slotId)],
    ["looks at B's slot", { path: `/v1/slots/${neighbour.slotId}` }, new RegExp(`"slotId":"${neighbour.slotId}"`)],
    ["looks at the node's guard", { path: "/v1/health" }, /"guard":/],
    [
      "makes a volume",
      { method: "PUT", path: `/v1/slots/${fresh}/volume`, fencing: 1, body: { sizeMb: 16 } },
      /"sizeMb":16|"ok":true/,
    ],
  ];
  const attempts = identities.flatMap(([who, identity]) =>
    calls.map(([what, call, proof]) => ({ name: `${what} ${who}`, call: { ...call, identity }, proof })),
  );
  const unguarded = await withOpenDoor(keeper, () => askAll(keeper, attempts));
  const guarded = await askAll(keeper, attempts);
  await keeper.call({ method: "DELETE", path: `/v1/slots/${fresh}/volume`, fencing: 2 });
  await makeAttempts(
    ctx,
    attempts.map(({ name, proof }, index) => ({
      name: `nodekeeper: ${name}`,
      guard: GUARD,
      withoutGuard: async () => unguarded[index] ?? "",
      withGuard: async () => guarded[index] ?? "",
      proves: (said) => proof.test(said),
    })),
  );
  const { status } = await keeper.call({ path: "/v1/slots" });
  ctx.hold(status === 200, "and the provisioner is heard");
}

async function withOpenDoor<Result>(keeper: LabNodekeeper, work: () => Promise<Result>): Promise<Result> {
  await keeper.kill();
  await keeper.start({ NODE_OPTIONS: `--import=${OPEN_DOOR}` });
  try {
    return await work();
  } finally {
    await keeper.kill();
    await keeper.start();
  }
}

/** What each was answered; empty where the connection ended without an answer. */
async function askAll(keeper: LabNodekeeper, calls: readonly { call: KeeperCall }[]): Promise<string[]> {
  const said: string[] = [];
  for (const { call } of calls) {
    said.push(
      await keeper.call(call).then(
        ({ status, body }) => `${status} ${body.toString("utf8")}`,
        () => "",
      ),
    );
  }
  return said;
}

/** As it lies on the node, for root to read. */
function certificateOf(engineSocket: string): KeyPair {
  const read = (name: string) => readFileSync(join(dirname(engineSocket), "keeper", name), "utf8");
  return { certificate: read("certificate.pem"), key: read("key.pem") };
}
