import { runPython } from "../peers/python.ts"

runPython(new URL("./map.py", import.meta.url))
