import { accessSync, constants } from "node:fs";

/** What engines of our own need of the machine, with the Debian package that has it. */
export const dockerPrograms = {
  dockerd: "docker.io",
  containerd: "containerd",
  runc: "runc",
  iptables: "iptables",
  ip: "iproute2",
  nft: "nftables",
  debootstrap: "debootstrap",
  "mkfs.ext4": "e2fsprogs",
  nsenter: "util-linux",
  losetup: "mount",
} as const;

const FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Full path of a program, or null. Folders of administrators count although they may not be on our PATH. */
export function findProgram(name: string): string | null {
  const paths = FOLDERS.map((folder) => `${folder}/${name}`);
  return paths.find(isExecutable) ?? null;
}

/** Debian packages that are missing here before an engine can be started. */
export function missingDockerPackages(): string[] {
  const missing = Object.entries(dockerPrograms).filter(([program]) => findProgram(program) === null);
  return [...new Set(missing.map(([, debianPackage]) => debianPackage))];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
