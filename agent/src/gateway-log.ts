import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";

export const LOG_CAP_BYTES = 5_000_000;

export interface GatewayLog {
  write(chunk: Buffer): void;
  close(): void;
}

/** The gateway's output in `gateway.log`; at the cap the file becomes `gateway.log.1`, so two caps is the most it takes. */
export function openGatewayLog(runDir: string, capBytes = LOG_CAP_BYTES): GatewayLog {
  const path = join(runDir, "gateway.log");
  let file = openSync(path, "a", 0o600);
  let sizeBytes = fstatSync(file).size;
  return {
    write(chunk) {
      if (sizeBytes > 0 && sizeBytes + chunk.length > capBytes) {
        closeSync(file);
        renameSync(path, `${path}.1`);
        file = openSync(path, "a", 0o600);
        sizeBytes = 0;
      }
      sizeBytes += writeSync(file, chunk);
    },
    close: () => closeSync(file),
  };
}
