import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { appendFile, chmod, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listProcesses } from "@automna/testkit/processes";
import type { Product } from "@automna/testkit/product";
import { adminDatabaseUrl, queryDatabase } from "../steps/database.ts";
import { findSecrets, type Secret } from "./needles.ts";
import { searchDatabase } from "./search-database.ts";
import { searchFiles, type Find } from "./search-files.ts";

/** Where a key might have ended up. */
export interface Place {
  name: string;
  /** Puts a text where the key would be; answers how to take it away again. */
  plant: (text: string) => Promise<() => Promise<unknown>>;
  /** Where which of the secrets was found, and how much was searched. */
  search: (secrets: readonly Secret[]) => Promise<{ finds: Find[]; searched: string }>;
}

export function placesOf(product: Product, slotId: string): Place[] {
  const { dataDir } = product;
  const slot = join(dataDir, "slots", slotId);
  return [
    {
      name: "database dump",
      async plant(text) {
        const [row] = await queryDatabase<{ id: string }>(
          product,
          "INSERT INTO audit_events (action, subject, data) VALUES ('planted', $1, '{}') RETURNING id",
          [text],
        );
        return () => queryDatabase(product, "DELETE FROM audit_events WHERE id = $1", [row?.id]);
      },
      async search(secrets) {
        const { finds, tables, rows } = await searchDatabase(adminDatabaseUrl(product), secrets);
        return { finds, searched: `${tables} tables, ${rows} rows` };
      },
    },
    {
      name: "logs",
      plant: (text) => plantLine(join(dataDir, "logs/api.log"), text),
      search: (secrets) => inFiles(dataDir, secrets, (path) => /\.log(\.\d+)?$/.test(path)),
    },
    {
      name: "process environments",
      plant: (text) => plantProcess({ PLANTED: text }, []),
      search: async (secrets) => inProcesses(secrets, "environment"),
    },
    {
      name: "process arguments",
      plant: (text) => plantProcess({}, [text]),
      search: async (secrets) => inProcesses(secrets, "command"),
    },
    {
      name: "data folder",
      plant: (text) => plantFile(join(dataDir, "run"), text),
      search: (secrets) => inFiles(dataDir, secrets),
    },
    {
      name: "agent's folder",
      plant: (text) => plantFile(join(slot, "state"), text),
      search: (secrets) => inFiles(join(slot, "state"), secrets),
    },
  ];
}

async function inFiles(folder: string, secrets: readonly Secret[], isWanted?: (path: string) => boolean) {
  const { finds, files, bytes } = await searchFiles(folder, secrets, isWanted);
  return { finds, searched: `${files} files, ${(bytes / 2 ** 20).toFixed(1)} MB` };
}

/** Every process of the machine, not only the product's: whatever it started is there too. */
function inProcesses(secrets: readonly Secret[], field: "environment" | "command") {
  const processes = listProcesses();
  const finds = processes.flatMap((found) =>
    findSecrets(Buffer.from(found[field]), secrets).map(({ secret, form }) => ({
      secret,
      where: `process ${found.pid} (${found.command.split(" ")[0]}): ${form}`,
    })),
  );
  return { finds, searched: `${processes.length} processes` };
}

async function plantLine(path: string, text: string): Promise<() => Promise<unknown>> {
  const line = `planted ${text}\n`;
  await appendFile(path, line);
  // Others append meanwhile: take the line out, not the end of the file.
  return async () => writeFile(path, (await readFile(path, "utf8")).replace(line, ""));
}

async function plantFile(folder: string, text: string): Promise<() => Promise<unknown>> {
  const path = join(folder, `planted-${randomUUID()}`);
  await writeFile(path, `some text before ${text} and after`);
  await chmod(path, 0o600);
  return () => rm(path, { force: true });
}

async function plantProcess(env: Record<string, string>, args: string[]): Promise<() => Promise<unknown>> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", ...args], { env, stdio: "ignore" });
  await new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return async () => {
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
  };
}
