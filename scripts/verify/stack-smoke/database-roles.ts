import type { ScenarioContext } from "../harness/scenario.ts";
import type { DockerClient } from "./docker-client.ts";

/** What each service may be in the database (prisma/grants.ts). */
const ROLES = ["automna_api", "automna_apps", "automna_egress", "automna_ingress", "automna_provisioner"];
/** Of those that listen for notifications, and so are always there. */
const ALWAYS = ["automna_api", "automna_ingress", "automna_provisioner"];

const QUERY = `
import { readFileSync } from "node:fs";
import pg from "pg";
const client = new pg.Client({ connectionString: readFileSync("/run/secrets/database-url-api", "utf8") });
await client.connect();
const { rows } = await client.query(
  "SELECT DISTINCT a.usename AS role, r.rolsuper OR r.rolcreaterole OR r.rolcreatedb AS can_rule FROM pg_stat_activity a JOIN pg_roles r ON r.rolname = a.usename WHERE a.datname = current_database()",
);
console.log(JSON.stringify(rows));
await client.end();
`;

/** Who is connected to the database, asked from inside the api. */
export async function assertDatabaseRoles(ctx: ScenarioContext, docker: DockerClient): Promise<void> {
  const label = "label=com.docker.swarm.service.name=automna_api";
  const [container = ""] = await docker.lines("container", "ls", "--quiet", "--filter", label);
  const printed = await docker.run("exec", "--workdir=/app", container, "node", "--input-type=module", "--eval", QUERY);
  const connected = JSON.parse(printed) as { role: string; can_rule: boolean }[];
  const names = connected.map(({ role }) => role);
  ctx.hold(
    names.every((name) => ROLES.includes(name)) && ALWAYS.every((name) => names.includes(name)),
    "services are in the database under roles of their own",
    names,
  );
  ctx.hold(
    connected.every(({ can_rule: canRule }) => !canRule),
    "none of which may make roles or databases, or is a superuser",
    connected,
  );
}
