import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "@automna/testkit/free-port";
import { buildTestImage, testImages, type TestImageName } from "@automna/testkit/docker/images";
import { startLabCell, type LabCell } from "@automna/testkit/docker/lab-cell";
import { ensureDocker } from "../../ensure-docker.ts";
import type { ScenarioContext } from "../harness/scenario.ts";
import { startInstallation, type VerifiedInstallation } from "./installation.ts";

/** The whole product, whose agents run as services of a real Swarm of engines of our own. */
export interface SwarmInstallation extends VerifiedInstallation {
  cell: LabCell;
  image: string;
  /** Where agents reach egress. */
  egressUrl: string;
}

export interface SwarmInstallationOptions {
  /** Nodes that carry slots. */
  agentNodes: number;
  image: TestImageName;
  /** Further settings of services. */
  settings?: Readonly<Record<string, string>>;
}

export async function startSwarmInstallation(
  ctx: ScenarioContext,
  { agentNodes, image, settings = {} }: SwarmInstallationOptions,
): Promise<SwarmInstallation> {
  const problem = await ensureDocker();
  ctx.must(problem === null, "engines of our own can be started here", problem ?? undefined);
  const egressPort = await findFreePort();
  const builtAt = Date.now();
  const tar = await buildTestImage(image);
  ctx.figure("seconds to the image", (Date.now() - builtAt) / 1_000, "s");
  const startedAt = Date.now();
  const cell = await startLabCell({ agentNodes, images: [tar], egressPort });
  ctx.onCleanup("remove the cell", () => cell.remove());
  ctx.figure("seconds to the cell", (Date.now() - startedAt) / 1_000, "s");
  const folder = await ctx.folder();
  const file = async (name: string, text: string) => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const { authority, provisioner } = cell.certificates;
  const egressUrl = `http://${cell.lab.network.hostAddress}:${egressPort}`;
  const all = {
    PROVISIONER_RUNTIME: "swarm",
    PROVISIONER_CELL_ID: "lab",
    PROVISIONER_DOCKER_URL: `unix://${cell.manager.engine.socketPath}`,
    PROVISIONER_INSTALLATION: cell.installId,
    PROVISIONER_AGENT_IMAGE: testImages[image].tag,
    PROVISIONER_AGENT_NETWORK: cell.network,
    PROVISIONER_KEEPER_CA_FILE: await file("ca.pem", authority.certificate),
    PROVISIONER_KEEPER_CERTIFICATE_FILE: await file("certificate.pem", provisioner.certificate),
    PROVISIONER_KEEPER_KEY_FILE: await file("key.pem", provisioner.key),
    PROVISIONER_PORT_RANGE: `${cell.ports.first}-${cell.ports.last}`,
    // Agents reach egress at this machine's address on the lab's wire, and nowhere else.
    EGRESS_HOST: cell.lab.network.hostAddress,
    EGRESS_PORT: String(egressPort),
    PROVISIONER_EGRESS_URLS: egressUrl,
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}='${value}'\n`);
  const installation = await startInstallation(ctx, {
    args: ["--settings", await file("settings.env", lines.join(""))],
  });
  return { ...installation, cell, image: testImages[image].tag, egressUrl };
}
