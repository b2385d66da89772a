import { poolifier } from "../peers/poolifier.ts"
import { drivePeer } from "./drive.ts"

await drivePeer(poolifier("increment"))
