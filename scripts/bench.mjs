// `npm run bench -- P1a --runtime deno`: see bench/main.ts, which needs the dependencies and a loader for TypeScript.
import { bootstrap } from "./bootstrap.mjs"
import { run } from "./process.mjs"
import { commandFor } from "./runtimes.mjs"

bootstrap()
await import("./ts-node20.mjs")
const { install } = await import("./installed.mjs")
const { main } = await import("../bench/main.ts")
await main({ commandFor, install, run })
