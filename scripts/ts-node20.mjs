// Preload for Node versions that cannot strip types: `node --import ./scripts/ts-node20.mjs`.
// Worker threads and child processes inherit it through execArgv.
import { register } from "node:module"

if (!process.features.typescript) register("./ts-node20-hooks.mjs", import.meta.url)
