// `npm run release-version`: turns the changesets into versions and changelogs, and gives deno.json the same versions.
import { bootstrap } from "./bootstrap.mjs"
import { writeDenoJson } from "./deno-json.mjs"
import { run, toolScript } from "./process.mjs"

bootstrap()
const { code } = await run(process.execPath, [toolScript("@changesets/cli", "changeset"), "version"], {
  inherit: true,
})
writeDenoJson()
process.exitCode = code
