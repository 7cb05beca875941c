// Starts a lab, says its name, and is killed before it can tidy up.
import { startSwarmLab } from "./swarm-lab.ts";

const { network } = await startSwarmLab({ size: 1 });
console.log(network.id);
setInterval(() => undefined, 60_000);
