import { startTestPostgres } from "./postgres.ts";

let users = 0;
let server: ReturnType<typeof startTestPostgres> | undefined;

/** Vitest global setup: one server per run, shared by the projects that ask for it. */
export default async function setUp(): Promise<() => Promise<void>> {
  users += 1;
  server ??= startTestPostgres();
  const { stop } = await server;
  return async () => {
    users -= 1;
    if (users === 0) await stop();
  };
}
