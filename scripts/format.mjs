// `npm run format`: formats the sources, applies the safe fixes of the linter, and brings the deno.json files up to date.
import { bootstrap } from "./bootstrap.mjs"
import { writeDenoJson } from "./deno-json.mjs"
import { run, toolScript } from "./process.mjs"

bootstrap()
writeDenoJson()
const { code } = await run(
  process.execPath,
  [toolScript("@biomejs/biome", "biome"), "check", "--write", "."],
  {
    inherit: true,
  },
)
process.exitCode = code
