import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { absentAsNull } from "./files.ts";

test("a process that ends between opening and reading its file is not there, and no failure of the node", async () => {
  const child = spawn("sleep", ["60"]);
  const file = await open(`/proc/${child.pid}/cgroup`);
  child.kill("SIGKILL");
  await once(child, "close");
  await expect(file.readFile("utf8")).rejects.toMatchObject({ code: "ESRCH" });
  expect(await absentAsNull(file.readFile("utf8"))).toBeNull();
  await file.close();
  expect(await absentAsNull(readFile(`/proc/${child.pid}/cgroup`))).toBeNull();
  await expect(absentAsNull(readFile("/proc"))).rejects.toMatchObject({ code: "EISDIR" });
});
