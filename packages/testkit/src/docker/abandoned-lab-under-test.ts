// Starts a lab with a container that is paused, says its name, and is killed before it can tidy up.
import { loadImage } from "./image-builder.ts";
import { buildTestImage, testImages } from "./images.ts";
import { startSwarmLab } from "./swarm-lab.ts";
import { LABS_FOLDER } from "./sweep-labs.ts";

const { network, manager } = await startSwarmLab({ size: 1 });
const { docker } = manager.engine;
await loadImage(docker, await buildTestImage("tinyAgent"));
const container = await docker.createContainer({
  Image: testImages.tinyAgent.tag,
  // By its argument the test finds it.
  Entrypoint: ["node", "-e", "setInterval(() => undefined, 1_000)", `${LABS_FOLDER}/${network.id}`],
});
await container.start();
await container.pause();
console.log(network.id);
setInterval(() => undefined, 60_000);
