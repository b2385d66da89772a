import { runPython } from "../peers/python.ts"

runPython(new URL("./queue.py", import.meta.url))
