import { tinypool } from "../peers/tinypool.ts"
import { drivePeer } from "./drive.ts"

await drivePeer(tinypool("increment"))
