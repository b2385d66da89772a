import { runPython } from "../peers/python.ts"

runPython(new URL("./lock.py", import.meta.url))
