import type { InsideAttempt } from "../steps/walls/inside-attempt.ts";
import { withCapabilities } from "../steps/walls/own-walls.ts";

/** What was put where a container must not look. */
export interface Plants {
  /** Socket of the node's engine, and its id. */
  engineSocket: string;
  engineId: string;
  /** A file of the node that says a nonce. */
  nodeFile: string;
  nodeNonce: string;
  /** A process of the node with this in its arguments. */
  processMark: string;
  processNonce: string;
  /** Only on the node's loopback. */
  loopbackPort: number;
  loopbackNonce: string;
  /** Block device of B's volume, and what a file of B's says. */
  neighbourDevice: { path: string; major: number; minor: number };
  neighbourNonce: string;
}

/** What A's shell may not see or touch of the node and of B, and somebody who has become root in the container neither. */
export function foreignWalls(plants: Plants): InsideAttempt[] {
  const { neighbourDevice: device } = plants;
  return [
    {
      name: "talks to the node's Docker",
      guard: "no socket of the node's",
      user: 0,
      script: "curl -sS --max-time 5 --unix-socket /var/run/docker.sock http://docker/info",
      off: { mounts: [{ Type: "bind", Source: plants.engineSocket, Target: "/var/run/docker.sock" }] },
      proof: new RegExp(plants.engineId),
    },
    {
      name: "sees the node's processes",
      guard: "process namespace",
      user: 10_002,
      script: `cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep ^${plants.processMark}`,
      off: { host: { PidMode: "host" } },
      proof: new RegExp(plants.processNonce),
    },
    {
      name: "reaches the node's loopback",
      guard: "network namespace",
      user: 10_002,
      script: `perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new("127.0.0.1:${plants.loopbackPort}") or die $@; print <$s>'`,
      off: { host: { NetworkMode: "host" } },
      proof: new RegExp(plants.loopbackNonce),
    },
    {
      name: "reads a file of the node",
      guard: "mount namespace",
      user: 10_002,
      script: `cat ${plants.nodeFile}`,
      off: { mounts: [{ Type: "bind", Source: plants.nodeFile, Target: plants.nodeFile, ReadOnly: true }] },
      proof: new RegExp(plants.nodeNonce),
    },
    {
      name: "root mounts B's disk and reads what is on it",
      guard: "no capability and no device",
      user: 0,
      script: `mknod /dev/theirs b ${device.major} ${device.minor}; mount -t ext4 /dev/theirs /mnt && cat /mnt/state/planted`,
      off: {
        host: {
          ...withCapabilities("SYS_ADMIN", "MKNOD", "DAC_OVERRIDE").host,
          Devices: [{ PathOnHost: device.path, PathInContainer: "/dev/loop-of-b", CgroupPermissions: "rwm" }],
        },
      },
      proof: new RegExp(plants.neighbourNonce),
    },
    {
      name: "root kills a process of the node",
      guard: "process namespace",
      user: 0,
      script: `for f in /proc/[0-9]*; do tr '\\0' '\\n' < $f/cmdline | grep -q ^${plants.processMark} && echo found && kill -URG \${f#/proc/} && echo signalled; done; true`,
      off: { host: { PidMode: "host" } },
      proof: /^signalled$/m,
    },
  ];
}
