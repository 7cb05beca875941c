import type { Socket } from "node:net";
import { clientFrames } from "./frames.ts";
import type { Job, Target } from "./jobs.ts";
import { openSockets } from "./open-socket.ts";

let held: Socket[] = [];

/** Opens sockets and keeps them, saying nothing but answers to pings. */
export async function holdIdle({ sockets }: Extract<Job, { kind: "hold" }>, target: Target): Promise<object> {
  held = await openSockets(target, sockets);
  for (const socket of held) {
    socket.on(
      "data",
      clientFrames(
        (bytes) => void socket.write(bytes),
        () => undefined,
      ),
    );
    socket.on("error", () => socket.destroy());
  }
  return { held: held.length };
}

/** How many of them were still open. */
export function releaseIdle(): object {
  const open = held.filter(({ destroyed, readyState }) => !destroyed && readyState === "open").length;
  for (const socket of held) socket.destroy();
  held = [];
  return { open };
}
