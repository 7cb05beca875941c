import { expect, test } from "vitest";
import { keeperContainer, SPEC_LABEL } from "./keeper-container.ts";

const place = {
  image: "sha256:abc",
  address: "10.0.0.5",
  dataDir: "/var/lib/automna",
  credentialsDir: "/etc/automna/nodekeeper",
  engineSocket: "/var/run/docker.sock",
  env: { NODEKEEPER_NODE: "node-1" },
};

test("is not privileged: four capabilities, loop devices, and the node's files that it works with", () => {
  const { HostConfig: host } = keeperContainer(place);
  expect(host).not.toHaveProperty("Privileged");
  expect(host.CapDrop).toEqual(["ALL"]);
  expect(host.CapAdd).toEqual(["CHOWN", "DAC_READ_SEARCH", "KILL", "NET_ADMIN"]);
  expect(host.DeviceCgroupRules).toEqual(["b 7:* rwm", "c 10:237 rw"]);
  expect(host.Binds.map((bind) => bind.split(":")[0])).toEqual([
    "/dev",
    "/sys/fs/cgroup",
    "/var/run/docker.sock",
    "/var/lib/automna",
    "/etc/automna/nodekeeper",
  ]);
});

test("its key is a file on its node, never a variable", () => {
  const variables = keeperContainer(place).Env.map((line) => line.split("=")[0]);
  expect(variables).toContain("NODEKEEPER_KEY_FILE");
  expect(variables).not.toContain("NODEKEEPER_KEY");
});

test("is another one when anything of it is, and the same otherwise", () => {
  const label = (changes: Partial<typeof place>) => keeperContainer({ ...place, ...changes }).Labels[SPEC_LABEL];
  expect(label({})).toBe(label({}));
  expect(label({ image: "sha256:def" })).not.toBe(label({}));
  expect(label({ env: { NODEKEEPER_NODE: "node-2" } })).not.toBe(label({}));
});
