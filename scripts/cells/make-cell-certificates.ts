import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeCertificateName, PROVISIONER_CERTIFICATE_NAME } from "@automna/contract/nodekeeper";
import { makeCertificateAuthority, signCertificate, type KeyPair } from "@automna/service-kit/cell-certificates";

interface CellCertificatesOptions {
  folder: string;
  nodes: readonly string[];
  days: number;
  isRenewing: boolean;
}

const CA_DAYS = 3_650;

/** Makes what is missing in the folder. Answers the names of the files that were made. */
export async function makeCellCertificates({
  folder,
  nodes,
  days,
  isRenewing,
}: CellCertificatesOptions): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const made: string[] = [];
  const pairOf = async (name: string, make: () => Promise<KeyPair>, isRenewed: boolean): Promise<KeyPair> => {
    const files = { certificate: `${name}.pem`, key: `${name}-key.pem` };
    if (!isRenewed && Object.values(files).every((file) => existsSync(join(folder, file)))) {
      return {
        certificate: await readFile(join(folder, files.certificate), "utf8"),
        key: await readFile(join(folder, files.key), "utf8"),
      };
    }
    const pair = await make();
    await writeWhole(join(folder, files.certificate), pair.certificate, 0o644);
    await writeWhole(join(folder, files.key), pair.key, 0o600);
    made.push(files.certificate, files.key);
    return pair;
  };

  const authority = await pairOf("ca", () => makeCertificateAuthority(CA_DAYS), false);
  const wishes = [
    { file: "provisioner", name: PROVISIONER_CERTIFICATE_NAME, use: "client" as const },
    ...nodes.map((node) => ({ file: `node-${node}`, name: nodeCertificateName(node), use: "server" as const })),
  ];
  for (const { file, name, use } of wishes)
    await pairOf(file, () => signCertificate(authority, { name, use, days }), isRenewing);
  return made;
}

async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.unfinished`, text, { mode });
  await rename(`${path}.unfinished`, path);
}
