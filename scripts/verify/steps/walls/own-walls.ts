import type { InsideAttempt } from "./inside-attempt.ts";
import { CONTAINER_ENDED } from "./shell.ts";
import type { Off } from "./twin.ts";

const AGENTD = "$(pgrep -o -u 10001)";
const noCapability = "no capability";
const isTwo = "agentd and the agent are two users";
const perl = (program: string) => `perl -e '${program}'`;

/** Everything that agentd has, and more. */
export function withCapabilities(...names: string[]): Off {
  return { host: { CapAdd: ["KILL", "SETGID", "SETUID", ...names] } };
}

/** Its own group of the memory controller, wherever it is mounted and of whichever version; with swap first, which is never less. */
const RAISE_LIMIT = `
if mount -t cgroup -o memory none /mnt; then f=/mnt$(grep :memory: /proc/self/cgroup | cut -d: -f3)/memory.limit_in_bytes
else mount -t cgroup2 none /mnt && f=/mnt$(grep ^0:: /proc/self/cgroup | cut -d: -f3)/memory.max; fi
[ -e "$f" ] || f=/mnt/memory.limit_in_bytes; [ -e "$f" ] || f=/mnt/memory.max
swap=\${f%limit_in_bytes}memsw.limit_in_bytes; [ -e $swap ] && echo 6442450944 > $swap
echo 6442450944 > $f && echo limit=$(cat $f)`;

/** What an agent's shell may not do to its own container, and somebody who has become root there neither. */
export const ownWalls: readonly InsideAttempt[] = [
  {
    name: "reads agentd's secret",
    guard: isTwo,
    user: 10_002,
    userInTwin: 10_001,
    script: "echo key=$(cat /run/secrets/slot-root-key)",
    off: {},
    proof: /key=[\w-]{43}/,
  },
  {
    name: "root writes to the root file system",
    guard: "read-only root",
    user: 0,
    script: "echo planted > /usr/local/bin/planted && cat /usr/local/bin/planted",
    off: { host: { ReadonlyRootfs: false } },
    proof: /^planted$/m,
  },
  {
    name: "becomes root by a program that may",
    guard: "no new privileges",
    user: 10_002,
    script: "passwd -S gateway",
    off: { host: { SecurityOpt: ["no-new-privileges=false"] } },
    proof: /^gateway L \d{4}-\d\d-\d\d/m,
  },
  {
    name: "root mounts a file system",
    guard: noCapability,
    user: 0,
    script: "mount -t tmpfs none /mnt && grep ' /mnt ' /proc/mounts",
    off: withCapabilities("SYS_ADMIN"),
    proof: / \/mnt tmpfs/,
  },
  {
    name: "kills agentd",
    guard: isTwo,
    user: 10_002,
    userInTwin: 10_001,
    script: `kill -9 ${AGENTD}; sleep 2`,
    off: {},
    proof: new RegExp(CONTAINER_ENDED),
  },
  {
    name: "makes a user namespace in which it is root",
    guard: "the system-call filter",
    user: 10_002,
    script: "echo root=$(unshare --user --map-root-user id -u)",
    off: { host: { SecurityOpt: ["seccomp=unconfined"] } },
    proof: /root=0$/m,
  },
  {
    name: "root makes a device",
    guard: noCapability,
    user: 0,
    script: "mknod /tmp/disk b 7 0 && test -b /tmp/disk && echo made",
    off: withCapabilities("MKNOD"),
    proof: /^made$/m,
  },
  {
    name: "looks into agentd's folder",
    guard: isTwo,
    user: 10_002,
    userInTwin: 10_001,
    script: "ls -d /data/agentd/. && ls -a /data/agentd && echo looked",
    off: {},
    proof: /^looked$/m,
  },
  {
    name: "writes into agentd's folder",
    guard: isTwo,
    user: 10_002,
    userInTwin: 10_001,
    script: "echo planted > /data/agentd/planted && cat /data/agentd/planted",
    off: {},
    proof: /^planted$/m,
  },
  {
    name: "writes beside its state",
    guard: "of its volume one folder alone is its own",
    user: 10_002,
    userInTwin: 0,
    script: "echo planted > /data/here && cat /data/here",
    off: {},
    proof: /^planted$/m,
  },
  {
    name: "holds agentd still",
    guard: isTwo,
    user: 10_002,
    userInTwin: 10_001,
    // A process that runs stops at its next turn, which takes a moment on a busy machine.
    script: `pid=${AGENTD}; kill -STOP $pid && { for i in $(seq 20); do grep "State:.T" /proc/$pid/status && break; sleep 0.1; done; }; kill -CONT $pid`,
    off: {},
    proof: /State:\s+T/,
  },
  {
    name: "root reads agentd's memory",
    guard: noCapability,
    user: 0,
    script: perl(
      `$p = qx(pgrep -o -u 10001); chomp $p; open(M, "<", "/proc/$p/maps") or die; ($a) = map { /^([0-9a-f]+)-\\S+ rw/ ? hex $1 : () } <M>; open(R, "<:raw", "/proc/$p/mem") or die; sysseek(R, $a, 0); print "bytes=", sysread(R, $b, 64), "\\n"`,
    ),
    off: withCapabilities("SYS_PTRACE", "DAC_READ_SEARCH"),
    proof: /bytes=64/,
  },
  {
    name: "reads the shadow file by a program that may",
    guard: "no new privileges",
    user: 10_002,
    script: "chage -l gateway",
    off: { host: { SecurityOpt: ["no-new-privileges=false"] } },
    proof: /Last password change\s+: \w+/,
  },
  {
    name: "root changes agentd's code",
    guard: "read-only root",
    user: 0,
    script: "echo '// planted' >> /app/agent/src/main.ts && tail -1 /app/agent/src/main.ts",
    off: { host: { ReadonlyRootfs: false } },
    proof: /^\/\/ planted$/m,
  },
  {
    name: "root changes who is who in the container",
    guard: "read-only root",
    user: 0,
    script: "echo 'planted::0:0::/:/bin/sh' >> /etc/passwd && tail -1 /etc/passwd",
    off: { host: { ReadonlyRootfs: false } },
    proof: /^planted::0/m,
  },
  {
    name: "makes a network of its own in which it is root",
    guard: "the system-call filter",
    user: 10_002,
    script: `unshare --user --map-root-user --net perl -e 'socket(S, 17, 3, 768) && print "raw\\n"'`,
    off: { host: { SecurityOpt: ["seccomp=unconfined"] } },
    proof: /^raw$/m,
  },
  {
    name: "root mounts the node's control groups",
    guard: noCapability,
    user: 0,
    script: "{ mount -t cgroup -o memory none /mnt || mount -t cgroup2 none /mnt; } && ls /mnt | grep -m1 cgroup",
    off: withCapabilities("SYS_ADMIN"),
    proof: /^cgroup\./m,
  },
  {
    name: "root raises its own memory limit",
    guard: noCapability,
    user: 0,
    script: RAISE_LIMIT,
    off: withCapabilities("SYS_ADMIN"),
    proof: /limit=6442450944/,
  },
  {
    name: "root reads frames off the wire",
    guard: noCapability,
    user: 0,
    script: perl(`socket(S, 17, 3, 768) && print "raw\\n"`),
    off: withCapabilities("NET_RAW"),
    proof: /^raw$/m,
  },
  {
    name: "root forges packets",
    guard: noCapability,
    user: 0,
    script: perl(`socket(S, 2, 3, 255) && print "raw\\n"`),
    off: withCapabilities("NET_RAW"),
    proof: /^raw$/m,
  },
  {
    name: "root changes an interface",
    guard: noCapability,
    user: 0,
    script: `${perl('socket(S, 2, 2, 0); $r = pack("a16i", "lo", 1234); ioctl(S, 0x8922, $r)')}; echo mtu=$(cat /sys/class/net/lo/mtu)`,
    off: withCapabilities("NET_ADMIN"),
    proof: /mtu=1234/,
  },
  {
    name: "root changes a setting of the kernel",
    guard: "read-only paths",
    user: 0,
    script:
      "echo 900 > /proc/sys/net/ipv4/ip_unprivileged_port_start; echo port=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)",
    off: { host: { ReadonlyPaths: [] } },
    proof: /port=900/,
  },
  {
    name: "root looks at the kernel's timers",
    guard: "masked paths",
    user: 0,
    script: "head -c 80 /proc/timer_list",
    off: { host: { MaskedPaths: [] } },
    proof: /Timer List Version/,
  },
  {
    name: "lists the kernel's keys",
    guard: "masked paths",
    user: 10_002,
    script: "head -1 /proc/keys",
    off: { host: { MaskedPaths: [] } },
    proof: /keyring/,
  },
  {
    name: "root reads the kernel's log",
    guard: noCapability,
    user: 0,
    script: "dmesg | head -1",
    off: withCapabilities("SYSLOG"),
    proof: /^\[\s*\d+\.\d+\]/m,
  },
  {
    name: "root takes a larger share of the processors",
    guard: noCapability,
    user: 0,
    script: "nice -n -5 sh -c 'echo nice=$(nice)'",
    off: withCapabilities("SYS_NICE"),
    proof: /nice=-5/,
  },
  {
    name: "root leaves its root folder",
    guard: noCapability,
    user: 0,
    script: "chroot /proc/1/root /bin/echo left",
    off: withCapabilities("SYS_CHROOT"),
    proof: /^left$/m,
  },
  {
    name: "root takes agentd's files",
    guard: noCapability,
    user: 0,
    script: "chown 10002 /data/agentd && stat -c owner=%u /data/agentd",
    off: withCapabilities("CHOWN"),
    proof: /owner=10002/,
  },
  {
    name: "root reads agentd's environment",
    guard: noCapability,
    user: 0,
    script: `cat /proc/${AGENTD}/environ | tr '\\0' '\\n'`,
    off: withCapabilities("SYS_PTRACE", "DAC_READ_SEARCH"),
    proof: /^AGENTD_SLOT_ID=slt_/m,
  },
];
