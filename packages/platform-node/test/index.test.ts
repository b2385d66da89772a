import { ownRuntimeOnly } from "@multifiber/testkit/Adapter"
import { layer } from "../src/index.ts"

ownRuntimeOnly("node", layer)
