import { createHash } from "node:crypto";

export const KEEPER_CONTAINER = "automna-nodekeeper";
/** Fingerprint of what a container was made from; another one means that it is replaced. */
export const SPEC_LABEL = "automna.nodekeeper";

/** Everything that nodekeeper is allowed, each with what it is for. */
const CAPABILITIES = {
  /** The owners of a new volume's folders. */
  CHOWN: true,
  /** To read those folders again while they are copied into the volume. */
  DAC_READ_SEARCH: true,
  /** To end what is left of a slot that its engine lost. */
  KILL: true,
  /** The guard, and the bridge when there is none. */
  NET_ADMIN: true,
} as const;
const MEMORY_BYTES = 512 * 1024 * 1024;
const PIDS = 256;

export interface KeeperPlace {
  image: string;
  /** Private address of the node, where the provisioner finds it. */
  address: string;
  dataDir: string;
  /** Folder of this node's own certificate, key and CA. */
  credentialsDir: string;
  engineSocket: string;
  /** nodekeeper's own variables. */
  env: Readonly<Record<string, string>>;
}

/** What the engine is asked for. Not `privileged`: four capabilities and two kinds of devices. */
export function keeperContainer({ image, address, dataDir, credentialsDir, engineSocket, env }: KeeperPlace) {
  const socket = "/var/run/docker.sock";
  const variables = {
    ...env,
    NODEKEEPER_HOST: address,
    NODEKEEPER_DATA_DIR: dataDir,
    NODEKEEPER_CA_FILE: `${credentialsDir}/ca.pem`,
    NODEKEEPER_CERTIFICATE_FILE: `${credentialsDir}/certificate.pem`,
    NODEKEEPER_KEY_FILE: `${credentialsDir}/key.pem`,
    NODEKEEPER_ENGINE_SOCKET: socket,
  };
  const spec = {
    Image: image,
    Cmd: ["node", "/app/nodekeeper/src/main.ts"],
    Env: Object.entries(variables)
      .map(([name, value]) => `${name}=${value}`)
      .toSorted(),
    StopTimeout: 15,
    HostConfig: {
      // The node's own: its guard, its processes, its control groups.
      NetworkMode: "host",
      PidMode: "host",
      CgroupnsMode: "host",
      CapDrop: ["ALL"],
      CapAdd: Object.keys(CAPABILITIES),
      // Loop devices, as many as slots come, and what makes them.
      DeviceCgroupRules: ["b 7:* rwm", "c 10:237 rw"],
      Binds: [
        "/dev:/dev",
        "/sys/fs/cgroup:/sys/fs/cgroup",
        `${engineSocket}:${socket}`,
        // The same path on both sides: the kernel knows a loop device's file by its path.
        `${dataDir}:${dataDir}`,
        `${credentialsDir}:${credentialsDir}:ro`,
      ],
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": "size=16m,mode=1777" },
      SecurityOpt: ["no-new-privileges"],
      Memory: MEMORY_BYTES,
      PidsLimit: PIDS,
      Init: true,
      // Also while no launcher is there.
      RestartPolicy: { Name: "always" },
    },
  };
  const fingerprint = createHash("sha256").update(JSON.stringify(spec)).digest("hex").slice(0, 32);
  return { ...spec, Labels: { [SPEC_LABEL]: fingerprint } };
}
