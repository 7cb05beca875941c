import { expect, test } from "vitest";
import { describeExit, type GatewayExit } from "./gateway-exit.ts";

test.each<[GatewayExit, string]>([
  [{ code: 0, signal: null }, "exited by itself"],
  [{ code: 3, signal: null }, "exited with code 3"],
  [{ code: 78, signal: null }, "refused its configuration (exit code 78)"],
  [{ code: null, signal: "SIGSEGV" }, "killed by SIGSEGV"],
  [{ code: null, signal: "SIGKILL" }, "killed by SIGKILL (by hand, or the machine was out of memory)"],
  [{ code: null, signal: "SIGKILL", cause: "stopped answering" }, "stopped answering"],
])("an end is told in plain words: %o", (exit, words) => expect(describeExit(exit)).toBe(words));
