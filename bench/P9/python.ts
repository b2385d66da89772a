import { runPython } from "../peers/python.ts"

runPython(new URL("./sets.py", import.meta.url))
