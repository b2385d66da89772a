import { runPython } from "../peers/python.ts"

runPython(new URL("./pipe.py", import.meta.url))
