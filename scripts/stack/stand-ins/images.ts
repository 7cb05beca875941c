import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseImages } from "@automna/testkit/docker/base-images";
import type { ImageBuilder } from "@automna/testkit/docker/image-builder";
import { stagePostgresBinaries } from "@automna/testkit/postgres-binaries";
import { inCheckout } from "../../bootstrap/paths.mjs";
import { exampleEnv } from "../example-env.ts";
import { readStack, STACK_FILES } from "../read-stack.ts";

/** As the stacks name them without a registry. */
const OURS = "automna/";
const HERE = "scripts/stack/stand-ins";

/** The images that the stacks take from others, under the very names that they ask for. */
export function listForeignImages(): string[] {
  return listImages().filter((image) => !image.startsWith(OURS));
}

/** The platform's own images that the stacks name. */
export function listOwnImages(): string[] {
  return listImages().filter((image) => image.startsWith(OURS));
}

function listImages(): string[] {
  const services = STACK_FILES.flatMap((name) => Object.values(readStack(name, exampleEnv).services));
  return [...new Set(services.map(({ image }) => image))];
}

/** Builds a stand-in for each of them. Throws for one that there is none for. */
export async function buildStandIns(builder: ImageBuilder): Promise<void> {
  for (const tag of listForeignImages()) {
    const [name = ""] = tag.split(":");
    const fill = fillers[name];
    if (fill === undefined) throw new Error(`there is no stand-in for ${tag}`);
    const context = mkdtempSync(join(tmpdir(), "automna-stand-in-"));
    try {
      writeFileSync(join(context, "Dockerfile"), await fill(context));
      await builder.build({ tag, context });
    } finally {
      rmSync(context, { recursive: true });
    }
  }
}

/** Each fills a folder with what its image is made of, and answers the Dockerfile. */
const fillers: Readonly<Record<string, (context: string) => Promise<string>>> = {
  async postgres(context) {
    cpSync(await stagePostgresBinaries(), join(context, "postgres"), { recursive: true, verbatimSymlinks: true });
    copyProgram(`${HERE}/postgres-entrypoint.sh`, join(context, "entrypoint.sh"));
    // npm's Postgres has no pg_isready.
    writeFileSync(join(context, "pg_isready"), "#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/5432\n", { mode: 0o755 });
    return `FROM ${baseImages.debian}
COPY postgres /opt/postgres
COPY pg_isready entrypoint.sh /usr/local/bin/
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid postgres --no-create-home postgres
RUN mkdir -p /var/lib/postgresql /var/run/postgresql
ENV PATH=/opt/postgres/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LD_LIBRARY_PATH=/opt/postgres/lib LANG=C.UTF-8
STOPSIGNAL SIGINT
ENTRYPOINT ["entrypoint.sh"]
CMD ["postgres"]
`;
  },
  async redis() {
    return `FROM ${baseImages.debian}
RUN apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/*
RUN install -d -o 999 -g 999 /data
WORKDIR /data
CMD ["redis-server"]
`;
  },
  traefik: async (context) =>
    withProgram(context, { name: "traefik", check: "healthcheck", port: 8082, path: "/ping" }),
  "cloudflare/cloudflared": async (context) =>
    `${withProgram(context, { name: "cloudflared", check: "ready", port: 2000, path: "/ready" })}USER 65532:65532\nENTRYPOINT ["cloudflared"]\nCMD []\n`,
};

interface StandIn {
  name: string;
  /** The word with which the real one is asked whether it is well, and where ours answers that. */
  check: string;
  port: number;
  path: string;
}

/** A program of ours under the name of the real one. */
function withProgram(context: string, { name, check, port, path }: StandIn): string {
  for (const folder of ["scripts/edge", "scripts/stack", "node_modules/yaml"]) {
    mkdirSync(join(context, "app", folder), { recursive: true });
    cpSync(inCheckout(folder), join(context, "app", folder), { recursive: true });
  }
  writeFileSync(join(context, "app/package.json"), '{ "type": "module" }\n');
  copyProgram("infra/health-check.sh", join(context, "app/health-check.sh"));
  const answer = `case " $* " in *" ${check} "*) exec /app/health-check.sh ${port} ${path};; esac`;
  const start = `exec node /app/${HERE}/${name}.ts "$@"`;
  writeFileSync(join(context, name), `#!/bin/sh\n${answer}\n${start}\n`, { mode: 0o755 });
  return `FROM ${baseImages.node}\nCOPY app /app\nCOPY ${name} /usr/local/bin/\nCMD ["${name}"]\n`;
}

function copyProgram(from: string, to: string): void {
  cpSync(inCheckout(from), to);
  chmodSync(to, 0o755);
}
