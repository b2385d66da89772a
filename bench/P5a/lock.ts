import { Effect } from "effect"
import { Lock } from "multifiber"
import { reportGuard } from "./fibers.ts"

await reportGuard(Lock.withLock(await Effect.runPromise(Lock.make)))
