import { z } from "zod";
import type { Engine } from "./engine.ts";
import { Refusal } from "./refusal.ts";
import { INSTALL_LABEL } from "./slot-names.ts";

const objectSchema = z.object({
  ID: z.string().regex(/^[a-z0-9]{10,40}$/),
  Spec: z.object({ Name: z.string(), Labels: z.record(z.string(), z.string()).nullish() }),
});

export interface OwnedObject {
  id: string;
  name: string;
}

export interface Lookup {
  engine: Engine;
  installId: string;
  /** As `/v1.41`, or empty. */
  version: string;
  signal: AbortSignal;
}

/**
 * The service or secret that a name or id stands for, when it is this installation's. What is somebody else's is answered like
 * what does not exist.
 */
export async function findOwned(
  kind: "services" | "secrets",
  reference: string,
  { engine, installId, version, signal }: Lookup,
): Promise<OwnedObject> {
  const found = await engine.find(`${version}/${kind}/${reference}`, signal);
  const parsed = objectSchema.safeParse(found);
  if (!parsed.success || parsed.data.Spec.Labels?.[INSTALL_LABEL] !== installId)
    throw new Refusal(`no such object among this installation's ${kind}`, 404);
  return { id: parsed.data.ID, name: parsed.data.Spec.Name };
}

/** Id of the agents' network. */
export async function findNetworkId(network: string, { engine, version, signal }: Lookup): Promise<string> {
  const found = z
    .object({ Id: z.string(), Name: z.literal(network), Scope: z.literal("swarm") })
    .safeParse(await engine.find(`${version}/networks/${network}`, signal));
  if (!found.success) throw new Refusal("the agents' network is not there", 502);
  return found.data.Id;
}
