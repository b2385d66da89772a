import { Effect } from "effect"
import { reportGuard } from "./fibers.ts"

await reportGuard(Effect.unsafeMakeSemaphore(1).withPermits(1))
