import { chmod, mkdir } from "node:fs/promises";
import type { ExitCause } from "@automna/core/agents/observed-slot";
import { AppError } from "@automna/core/shared/app-error";
import { SECOND_MS, type Clock } from "@automna/core/shared/clock";
import type { Logger } from "@automna/service-kit/log";
import type { AgentRuntime, RuntimeSlot, SlotSpec } from "../agents/agent-runtime.ts";
import { runEvery } from "@automna/service-kit/run-every";
import { agentdEnvironment, type AgentImage } from "./agentd-launch.ts";
import { endSlotProcesses } from "./end-slot.ts";
import { freezeSlot, thawSlot } from "./freeze-slot.ts";
import { ensureInstallId } from "./installation.ts";
import { makeMemoryWatch } from "./memory-watch.ts";
import { makePortProbe } from "./port-probe.ts";
import { findProcess } from "./process-table.ts";
import { spawnSlotChild } from "./slot-child.ts";
import { readLastExit, readSlotFile, writeSlotFile, type SlotFile } from "./slot-files.ts";
import { assertMarker, createSlotFolder, listSlotFolders, removeSlotFolder } from "./slot-folder.ts";
import { slotPaths } from "./slot-paths.ts";
import { makeSlotLock, withMachineLock } from "./slot-lock.ts";
import type { SlotMark } from "./slot-processes.ts";
import { makeSlotRuns, markOf } from "./slot-runs.ts";
import { asAgentdUser, chooseSlotUsers, userBase } from "./slot-users.ts";
import {
  copySlotVolume,
  deleteSlotSnapshot,
  restoreSlotSnapshot,
  snapshotSlot,
  type SlotVolume,
} from "./slot-volume.ts";

export interface ProcessRuntimeOptions {
  /** One folder per slot. */
  slotsDir: string;
  /** First port of the range: a slot's users follow from its place in it. */
  firstPort: number;
  /** What can be started, by name. */
  images: Readonly<Record<string, AgentImage>>;
  clock: Clock;
  log: Logger;
  /** How long agentd may take to stop, ms (design D14). */
  stopGraceMs?: number;
  watchEveryMs?: number;
}

export interface ProcessRuntime extends AgentRuntime {
  /** Stops every slot, side by side; rejects when one could not be stopped. */
  stopAll: (signal: AbortSignal) => Promise<void>;
  /** Ends the watch. Slots go on running. */
  close: () => Promise<void>;
}

const STOP_GRACE_MS = 30 * SECOND_MS;
const WATCH_EVERY_MS = 5 * SECOND_MS;
/** A gateway that eats memory has little left to say. */
const EXCESS_GRACE_MS = 5 * SECOND_MS;

/** Slots as processes of this machine (design D3): for development and first try. */
export async function startProcessRuntime(options: ProcessRuntimeOptions): Promise<ProcessRuntime> {
  const {
    slotsDir,
    images,
    clock,
    log,
    firstPort,
    stopGraceMs = STOP_GRACE_MS,
    watchEveryMs = WATCH_EVERY_MS,
  } = options;
  await mkdir(slotsDir, { recursive: true });
  await chmod(slotsDir, process.getuid?.() === 0 ? 0o711 : 0o700);
  const installId = await ensureInstallId(slotsDir);
  const chooseUsers = await chooseSlotUsers(userBase(installId), slotsDir, log);
  const lock = makeSlotLock();
  const handlers = new Set<(slotId: string) => void>();
  const changed = (slotId: string) => {
    for (const handle of handlers) handle(slotId);
  };
  const runs = makeSlotRuns({
    slotsDir,
    clock,
    onEnd: changed,
    onError: (error, slotId) => log.error({ err: error, slotId }, "the end of a slot's run could not be recorded"),
  });

  /** Null = there is no such slot. Throws for one of another installation: it is not ours to judge. */
  const readOwn = async (slotId: string): Promise<SlotFile | null> => {
    const file = await readSlotFile(slotPaths(slotsDir, slotId));
    if (file !== null && (file.installId !== installId || file.slotId !== slotId)) {
      throw new AppError(
        "slot_data_missing",
        "conflict",
        `the folder of ${slotId} belongs to another slot or installation`,
      );
    }
    return file;
  };

  const observe = async (slotId: string): Promise<RuntimeSlot> => {
    const file = await readOwn(slotId);
    if (file === null) return { kind: "absent" };
    const run = await runs.find(file);
    if (run !== null) {
      const leader = await findProcess(run.pid);
      return { kind: "running", startedAtMs: run.startedAtMs, isDozing: leader?.isStopped ?? false };
    }
    const last = await readLastExit(slotPaths(slotsDir, slotId));
    return { kind: "stopped", lastExit: last?.cause ?? "clean", endedAtMs: last?.endedAtMs ?? null };
  };

  const readPresent = async (slotId: string): Promise<SlotFile> => {
    const file = await readOwn(slotId);
    if (file === null) throw new AppError("slot_data_missing", "conflict", `${slotId} has no folder`);
    return file;
  };

  /** Throws unless the slot is there and its agentd does not run. */
  const readIdle = async (slotId: string): Promise<SlotFile> => {
    const file = await readPresent(slotId);
    if ((await runs.find(file)) !== null) throw new AppError("slot_running", "conflict", `${slotId} runs`);
    return file;
  };

  const start = async (spec: SlotSpec, signal: AbortSignal) => {
    const image = images[spec.image];
    if (image === undefined) throw new AppError("image_missing", "conflict", `no image ${spec.image} on this machine`);
    const file = await readPresent(spec.slotId);
    const paths = slotPaths(slotsDir, spec.slotId);
    await assertMarker(paths, file);
    await readIdle(spec.slotId);
    // Two gateways never run on one volume (design D14): what outlived its agentd goes first.
    await endSlotProcesses({ mark: markOf(slotsDir, file, null), graceMs: stopGraceMs, signal });
    if (!(await makePortProbe(spec.host)(spec.port)))
      throw new AppError("port_taken", "transient", `port ${spec.port} is held by another program`);
    if (file.memoryMb !== spec.memoryMb) await writeSlotFile(paths, { ...file, memoryMb: spec.memoryMb });
    signal.throwIfAborted();
    const child = await spawnSlotChild(
      paths,
      asAgentdUser(file.users, image.command),
      agentdEnvironment(image, spec, paths, file.users),
    );
    await runs.begin(file, child);
  };

  const end = async (slotId: string, cause: ExitCause, graceMs: number, signal: AbortSignal) => {
    const file = await readOwn(slotId);
    if (file === null) return;
    const run = await runs.find(file);
    if (run !== null) await runs.markEnding(file, cause);
    await endSlotProcesses({ mark: markOf(slotsDir, file, run?.pid ?? null), graceMs, signal });
    // Records the end, whoever's child it was.
    await runs.settled(slotId);
    await runs.find(file);
  };

  /** Does `work` with the volume of a slot of which nothing runs, its gateway included (design D14). */
  const withVolume = <Result>(
    slotId: string,
    signal: AbortSignal,
    work: (volume: SlotVolume) => Promise<Result>,
  ): Promise<Result> =>
    lock(slotId, () =>
      withMachineLock(slotId, async () => {
        const file = await readIdle(slotId);
        await endSlotProcesses({ mark: markOf(slotsDir, file, null), graceMs: stopGraceMs, signal });
        return work({ paths: slotPaths(slotsDir, slotId), file });
      }),
    );

  const withRun = (slotId: string, act: (mark: SlotMark, signal: AbortSignal) => Promise<void>, signal: AbortSignal) =>
    lock(slotId, async () => {
      const file = await readOwn(slotId);
      const run = file === null ? null : await runs.find(file);
      if (file === null || run === null)
        throw new AppError("slot_not_running", "conflict", `nothing of ${slotId} runs`);
      await act(markOf(slotsDir, file, run.pid), signal);
    });

  const watch = makeMemoryWatch({
    slotsDir,
    installId,
    log,
    onGone: changed,
    onExcess: (slotId) =>
      lock(slotId, () => end(slotId, "out_of_memory", EXCESS_GRACE_MS, new AbortController().signal)),
  });
  const stopWatch = runEvery({ name: "memory-watch", everyMs: watchEveryMs, log, work: watch });

  return {
    observe: (slotId) => lock(slotId, () => observe(slotId)),
    create: (spec) =>
      lock(spec.slotId, async () => {
        const { slotId, memoryMb, rootKey, port } = spec;
        if ((await readOwn(slotId)) !== null) return;
        await createSlotFolder(
          slotsDir,
          { slotId, installId, memoryMb, users: chooseUsers(port - firstPort) },
          rootKey,
        );
      }),
    start: (spec, { signal }) => lock(spec.slotId, () => withMachineLock(spec.slotId, () => start(spec, signal))),
    stop: (slotId, { signal }) => lock(slotId, () => end(slotId, "clean", stopGraceMs, signal)),
    doze: (slotId, { signal }) => withRun(slotId, freezeSlot, signal),
    wake: (slotId, { signal }) => withRun(slotId, thawSlot, signal),
    resize: ({ slotId, memoryMb }, { signal }) =>
      withVolume(slotId, signal, ({ paths, file }) => writeSlotFile(paths, { ...file, memoryMb })),
    copyVolume({ from, to }, { signal }) {
      if (from === to) throw new TypeError("a volume is not copied onto itself");
      // Always in the same order: two copies never wait for each other.
      const [first, second] = [from, to].toSorted() as [string, string];
      return withVolume(first, signal, (one) =>
        withVolume(second, signal, (other) =>
          first === from ? copySlotVolume(one, other, signal) : copySlotVolume(other, one, signal),
        ),
      );
    },
    snapshot: (slotId, name, { signal }) => withVolume(slotId, signal, (volume) => snapshotSlot(volume, name, signal)),
    restoreSnapshot: (slotId, name, { signal }) =>
      withVolume(slotId, signal, (volume) => restoreSlotSnapshot(volume, name, signal)),
    deleteSnapshot: (slotId, name) =>
      lock(slotId, async () => {
        if ((await readOwn(slotId)) !== null) await deleteSlotSnapshot(slotPaths(slotsDir, slotId), name);
      }),
    delete: (slotId, { signal }) =>
      lock(slotId, async () => {
        await end(slotId, "clean", 0, signal);
        await removeSlotFolder(slotsDir, slotId);
      }),
    listOwned: () => listSlotFolders(slotsDir, installId),
    onChange(handle) {
      handlers.add(handle);
      return () => handlers.delete(handle);
    },
    async stopAll(signal) {
      const slotIds = await listSlotFolders(slotsDir, installId);
      await Promise.all(slotIds.map((slotId) => lock(slotId, () => end(slotId, "clean", stopGraceMs, signal))));
    },
    close: stopWatch,
  };
}
