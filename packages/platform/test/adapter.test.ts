import { suite } from "@multifiber/testkit/Adapter"
import { layer } from "../src/index.ts"

suite("@multifiber/platform", {
  layer,
  entry: new URL("../src/index.ts", import.meta.url),
  capabilities: { stopsBusyThread: "Deno" in globalThis ? { reason: "denoland/deno PR 35657" } : true },
})
