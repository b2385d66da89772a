import { piscina } from "../peers/piscina.ts"
import { drivePeer } from "./drive.ts"

await drivePeer(piscina("increment"))
