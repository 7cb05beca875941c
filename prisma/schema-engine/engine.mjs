import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);

/** Version of the engine that the installed CLI was built against; throws when the WebAssembly build is another one. */
export function assertSameVersion() {
  const requireFromCli = createRequire(require.resolve("prisma/package.json"));
  const requireFromEngines = createRequire(requireFromCli.resolve("@prisma/engines/package.json"));
  const wanted = requireFromEngines("@prisma/engines-version").enginesVersion;
  const packageFile = join(dirname(require.resolve("@prisma/schema-engine-wasm")), "package.json");
  const { version } = JSON.parse(readFileSync(packageFile, "utf8"));
  if (!version.endsWith(wanted)) {
    throw new Error(
      `@prisma/schema-engine-wasm is ${version}, but prisma wants ${wanted}: pin both to the same release`,
    );
  }
  return wanted;
}

/** Instantiates the WebAssembly module by hand: its own entry point imports .wasm, which Node does not load. */
export async function loadSchemaEngine() {
  const glueFile = require.resolve("@prisma/schema-engine-wasm/schema_engine_bg");
  const glue = await import(pathToFileURL(glueFile).href);
  const bytes = readFileSync(join(dirname(glueFile), "schema_engine_bg.wasm"));
  const { instance } = await WebAssembly.instantiate(bytes, { "./schema_engine_bg.js": glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue.SchemaEngine;
}
