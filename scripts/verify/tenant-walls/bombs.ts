import { readFileSync } from "node:fs";
import type { ScenarioContext } from "../harness/scenario.ts";
import { makeAttempts, sample } from "../steps/walls/attempt.ts";
import { toWallAttempt, type InsideAttempt } from "../steps/walls/inside-attempt.ts";
import type { Place } from "./place.ts";
import { execIn } from "../steps/walls/shell.ts";

/** Beyond a limit; what the control takes of this machine ends there too. */
const BEYOND = { processes: 100, megabytes: 200 } as const;
const MEGABYTE = 1_048_576;
const TMP_MB = 256;
const SHARED_MEMORY_MB = 64;
/** Of A's disk before it is filled: nobody has to have room for a second one, which the control would take. */
const ROOM_LEFT_MB = 100;

interface Limits {
  pids: number;
  memoryMb: number;
}

/** Each takes a little more than A may have; B and the platform are watched meanwhile. */
function bombs({ pids, memoryMb }: Limits): InsideAttempt[] {
  const processes = pids + BEYOND.processes;
  const memory = memoryMb + BEYOND.megabytes + swapMb(memoryMb);
  const disk = ROOM_LEFT_MB + BEYOND.megabytes;
  const fill = (path: string, megabytes: number) =>
    `dd if=/dev/zero of=${path} bs=1M count=${megabytes}; echo filled=$(stat -c %s ${path}); rm -f ${path}`;
  const filled = (megabytes: number) => new RegExp(`filled=${megabytes * MEGABYTE}$`, "m");
  return [
    {
      name: "fork bomb",
      guard: "limit of processes",
      user: 10_002,
      script: `perl -e 'for (1..${processes}) { $p = fork(); last unless defined $p; if (!$p) { sleep 60; exit } push @p, $p } print "living=", scalar(@p), "\\n"; kill 9, @p; 1 while wait() > 0'`,
      off: { host: { PidsLimit: -1 } },
      proof: new RegExp(`living=${processes}$`, "m"),
    },
    {
      name: "memory bomb",
      guard: "limit of memory",
      user: 10_002,
      script: `perl -e 'for (1..${memory}) { push @m, "x" x ${MEGABYTE} } print "held=", scalar(@m), "\\n"'`,
      off: { host: { Memory: 0, MemorySwap: 0 } },
      proof: new RegExp(`held=${memory}$`, "m"),
    },
    {
      name: "fills the disk",
      guard: "a volume of fixed size",
      user: 10_002,
      script: `fallocate -l ${disk}M /data/state/fill; echo filled=$(stat -c %s /data/state/fill); rm -f /data/state/fill`,
      // The copy's volume is a folder of the node's disk, as Docker makes them.
      off: {},
      proof: filled(disk),
    },
    {
      name: "fills /tmp, which lies in memory",
      guard: "a limit of its own",
      user: 10_002,
      script: fill("/tmp/fill", TMP_MB + 44),
      off: { tmp: { Type: "tmpfs", Target: "/tmp", Source: "" } },
      proof: filled(TMP_MB + 44),
    },
    {
      name: "fills /dev/shm, which lies in memory",
      guard: "a limit of its own",
      user: 10_002,
      script: fill("/dev/shm/fill", SHARED_MEMORY_MB + 36),
      off: { host: { ShmSize: 512 * MEGABYTE } },
      proof: filled(SHARED_MEMORY_MB + 36),
    },
  ];
}

export async function attackByExhaustion(ctx: ScenarioContext, place: Place): Promise<void> {
  const { attacker, neighbour } = place;
  const { HostConfig: host } = await attacker.node.engine.docker.getContainer(attacker.containerId).inspect();
  const limits = { pids: host.PidsLimit ?? 0, memoryMb: (host.Memory ?? 0) / MEGABYTE };
  ctx.must(limits.pids > 0 && limits.memoryMb > 0, "A has limits of processes and memory", limits);
  const { said } = await execIn(attacker, {
    user: 10_002,
    script: `fallocate -l $(($(df -m --output=avail /data/state | tail -1) - ${ROOM_LEFT_MB}))M /data/state/full && echo done`,
  });
  ctx.must(/^done$/m.test(said), "A's disk has little room left", said);
  await makeAttempts(
    ctx,
    sample(ctx, bombs(limits)).map((attempt) => toWallAttempt(ctx, attacker, attempt)),
  );
  await fillToTheLastByte(ctx, place);
  const { said: after } = await execIn(neighbour, {
    user: 10_002,
    script: "echo kept > /data/state/after && cat /data/state/after",
  });
  ctx.hold(after.includes("kept"), "B goes on writing");
}

/** A's disk has not a byte left; B's has. */
async function fillToTheLastByte(ctx: ScenarioContext, { attacker, neighbour }: Place): Promise<void> {
  const roomOfB = async () =>
    Number((await execIn(neighbour, { user: 10_002, script: "df -m --output=avail /data/state | tail -1" })).said);
  const before = await roomOfB();
  const { said } = await execIn(attacker, {
    user: 10_002,
    script: `for size in 64 32 16 8 4 2 1; do fallocate -l \${size}M /data/state/full-$size 2>/dev/null; done
dd if=/dev/zero of=/data/state/full-last bs=1M count=8; df -m --output=avail /data/state | tail -1`,
  });
  ctx.hold(/No space left/.test(said), "A's disk is full to its end", said.slice(-300));
  const { said: written } = await execIn(neighbour, {
    user: 10_002,
    script:
      "dd if=/dev/urandom of=/data/state/mine bs=1M count=8 2>/dev/null; stat -c size=%s /data/state/mine; rm /data/state/mine",
  });
  ctx.hold(written.includes(`size=${8 * MEGABYTE}`), "while B writes what it likes", written);
  ctx.hold((await roomOfB()) >= before - BEYOND.megabytes, "and has the room that it had");
  await execIn(attacker, { user: 10_002, script: "rm -f /data/state/full /data/state/full-*" });
}

/** Docker lets a container have as much swap as memory, where the machine has any. */
function swapMb(memoryMb: number): number {
  const total = /^SwapTotal:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  return Math.min(memoryMb, Math.ceil(Number(total ?? 0) / 1_024));
}
