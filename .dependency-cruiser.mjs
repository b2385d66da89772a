// Imports point one way: kernel <- multifiber <- platform-shared <- platform-* <- platform; testkit may import all.
const own = (name) => `^packages/${name}/src/`
// The one name that dependency-cruiser cannot resolve: an entry of `imports` that names a package.
const ADAPTER = "^#adapter$"
const npm = (name) => `(^|/)node_modules/${name}/`

/** `from` may import itself and what is listed; `node` lets it import `node:*` too. */
const mayImport = (from, allowed, { node = false } = {}) => ({
  name: `${from}-imports`,
  severity: "error",
  from: { path: own(from) },
  to: { pathNot: [own(from), ...allowed], ...(node ? { dependencyTypesNot: ["core"] } : {}) },
})

const adapter = (name) =>
  mayImport(name, [own("platform-shared"), own("multifiber"), npm("effect")], { node: true })

export default {
  forbidden: [
    mayImport("kernel", []),
    mayImport("multifiber", [own("kernel"), npm("effect"), npm("msgpackr")]),
    mayImport("platform-shared", [own("multifiber"), npm("effect"), npm("@effect/platform")], { node: true }),
    adapter("platform-node"),
    adapter("platform-deno"),
    adapter("platform-bun"),
    mayImport("platform", [
      own("platform-(shared|node|deno|bun)"),
      own("multifiber"),
      npm("effect"),
      ADAPTER,
    ]),
    {
      name: "published-names-only",
      comment: "Examples and benchmarks import the packages by name, as a user does",
      severity: "error",
      from: { path: "^(examples|bench)/" },
      to: { path: "^packages/", dependencyTypes: ["local"] },
    },
    {
      name: "testkit-is-for-tests",
      severity: "error",
      from: { pathNot: ["^packages/testkit/", "^packages/[^/]+/test/"] },
      to: { path: "^packages/testkit/" },
    },
    {
      name: "no-cycles",
      comment: "A type-only import closes no cycle at run time",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true, pathNot: ADAPTER } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["node", "import", "types", "default"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".d.ts"],
    },
  },
}
