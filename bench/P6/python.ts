import { runPython } from "../peers/python.ts"

runPython(new URL("./messages.py", import.meta.url))
