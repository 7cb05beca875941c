// Who may import whom: arrows go down only (docs/adr). scripts/check-architecture.ts runs it and asserts that it read the code.
const SERVICES = ["api", "provisioner", "nodekeeper", "proxy", "agent", "dashboard", "socket-proxy"];
const TEST_FILE = String.raw`\.(test|e2e|stories)\.tsx?$|-under-test\.ts$|/testing/|^dashboard/e2e/`;

/** What a folder may import of ours, besides itself. */
const ALLOWED = {
  "packages/core": [],
  "packages/contract": ["packages/core"],
  "packages/service-kit": ["packages/contract", "packages/core"],
  prisma: [],
  "packages/records": ["prisma", "packages/contract", "packages/core"],
  "dashboard/(src|build|e2e)": ["packages/contract", "packages/core"],
  "dashboard/server": ["packages/service-kit", "packages/contract", "packages/core"],
  "socket-proxy": ["packages/service-kit", "packages/contract", "packages/core"],
  nodekeeper: ["packages/service-kit", "packages/contract", "packages/core"],
  agent: ["packages/service-kit", "packages/contract", "packages/core"],
  api: ["prisma", "packages/records", "packages/service-kit", "packages/contract", "packages/core"],
  provisioner: ["prisma", "packages/records", "packages/service-kit", "packages/contract", "packages/core"],
  proxy: ["prisma", "packages/records", "packages/service-kit", "packages/contract", "packages/core"],
  "packages/testkit": ["prisma", "packages/records", "packages/service-kit", "packages/contract", "packages/core"],
};
const OURS = "^(packages|prisma|api|provisioner|nodekeeper|proxy|agent|dashboard|socket-proxy|scripts|bench)/";

const arrows = Object.entries(ALLOWED).map(([folder, targets]) => ({
  name: `arrows-of-${folder.replaceAll("/", "-")}`,
  comment: `${folder} may import ${targets.join(", ") || "nothing of ours"}.`,
  severity: "error",
  // Tests may use the testkit.
  from: { path: `^${folder}/`, pathNot: TEST_FILE },
  to: { path: OURS, pathNot: [folder, ...targets].map((target) => `^${target}/`) },
}));

module.exports = {
  forbidden: [
    ...arrows,
    ...SERVICES.map((service) => ({
      name: `no-service-imports-${service}`,
      comment: "Services never import each other, in tests neither; scripts/ may build them in-process for scenarios.",
      severity: "error",
      from: { path: OURS, pathNot: [`^${service}/`, "^(scripts|bench)/"] },
      to: { path: `^${service}/` },
    })),
    {
      name: "no-one-imports-the-bench",
      comment: "It builds the ingress in-process beside others; scenarios may use it.",
      severity: "error",
      from: { path: OURS, pathNot: "^(bench|scripts)/" },
      to: { path: "^bench/" },
    },
    {
      name: "no-one-imports-scripts",
      severity: "error",
      from: { path: OURS, pathNot: "^scripts/" },
      to: { path: "^scripts/" },
    },
    {
      name: "core-imports-nothing",
      comment: "Decisions need no library and no Node (S2).",
      severity: "error",
      from: { path: "^packages/core/", pathNot: TEST_FILE },
      to: { dependencyTypes: ["core", "npm", "npm-dev", "npm-optional", "npm-peer"] },
    },
    {
      name: "browser-safe",
      comment: "contract and dashboard run in browsers: no Node modules.",
      severity: "error",
      from: { path: "^(packages/contract|dashboard)/src/", pathNot: TEST_FILE },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "tests-are-not-imported",
      severity: "error",
      from: { pathNot: TEST_FILE },
      to: { path: String.raw`\.(test|e2e)\.tsx?$` },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(node_modules|dist)/|^prisma/generated/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".json"],
    },
  },
};
