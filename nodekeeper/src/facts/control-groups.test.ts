import { describe, expect, test } from "vitest";
import { parseControlGroup } from "./control-groups.ts";

const v1 = `10:misc:/
9:name=systemd:/docker/abc
5:devices:/docker/abc
4:memory:/docker/abc
2:cpuacct:/docker/abc
1:cpu:/docker/abc
0::/docker/abc
`;
const joined = v1.replace("2:cpuacct:/docker/abc\n1:cpu:/docker/abc", "2:cpu,cpuacct:/docker/abc");

describe("a container's control groups", () => {
  test("are found on a kernel with one hierarchy for each controller, also where two share one", () => {
    const group = { version: 1, memory: "/sys/fs/cgroup/memory/docker/abc", cpu: "/sys/fs/cgroup/cpuacct/docker/abc" };
    expect(parseControlGroup(v1, "/sys/fs/cgroup")).toEqual(group);
    expect(parseControlGroup(joined, "/sys/fs/cgroup")).toEqual(group);
  });
  test("are found on a kernel with one hierarchy for all", () => {
    const path = "/sys/fs/cgroup/system.slice/docker-abc.scope";
    expect(parseControlGroup("0::/system.slice/docker-abc.scope\n", "/sys/fs/cgroup")).toEqual({
      version: 2,
      memory: path,
      cpu: path,
    });
  });
  test("of a process in none are none, so that nobody pushes the whole node's memory out", () => {
    expect(parseControlGroup("0::/\n", "/sys/fs/cgroup")).toBeNull();
    expect(parseControlGroup(v1.replaceAll("/docker/abc", "/"), "/sys/fs/cgroup")).toBeNull();
    expect(parseControlGroup("", "/sys/fs/cgroup")).toBeNull();
  });
});
