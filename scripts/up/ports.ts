import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";

/** Throws a sentence that names who has the port, when somebody has. */
export async function assertPortFree(port: number): Promise<void> {
  const problem = (await tryListen(port, "127.0.0.1")) ?? (await tryListen(port, "::1"));
  if (problem === null) return;
  if (problem === "EACCES")
    throw new Error(`You may not use port ${port}. Choose one above 1023: npm run up -- --port 4600`);
  const owner = findPortOwner(port);
  const who = owner === null ? "another program" : `process ${owner.pid} (${owner.command})`;
  throw new Error(`Port ${port} is taken by ${who}. Stop it, or choose another port: npm run up -- --port ${port + 1}`);
}

async function tryListen(port: number, host: string): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A machine without IPv6 has no ::1 to listen on.
    return code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT" ? null : (code ?? "unknown");
  }
}

/** The process that listens on a port, as far as we may look; null when we can't tell. Linux only. */
export function findPortOwner(port: number): { pid: number; command: string } | null {
  if (process.platform !== "linux") return null;
  const inodes = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, port)));
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (!holdsSocket(pid, inodes)) continue;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid: Number(pid), command: command.slice(0, 80) };
  }
  return null;
}

/** Columns of /proc/net/tcp: local address, remote address, state (0A = LISTEN), …, inode. See proc_pid_net(5). */
function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync(table, "utf8")
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === "0A" && local?.endsWith(suffix))
    .map((fields) => fields[9] ?? "");
}

function holdsSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    const files = readdirSync(`/proc/${pid}/fd`);
    return files.some((file) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${file}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    // Gone in the meantime, or not ours to look at.
    return false;
  }
}
