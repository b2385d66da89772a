import { workerpool } from "../peers/workerpool.ts"
import { drivePeer } from "./drive.ts"

await drivePeer(workerpool("increment"))
