import { Main } from "@multifiber/platform"
import { leftBy } from "./leftBy.ts"

Main.run(import.meta, leftBy("thread"))
