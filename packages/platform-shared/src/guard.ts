/**
 * Kills the OS processes that a program leaves behind.
 *
 * A process whose starter is gone hears that its channel closes, and stops as if it were terminated. One that is busy hears
 * nothing. So a shell reads from a pipe which children the program has, and kills them a second after that pipe closes,
 * as it does however the program ends. A thread in each of them that looks for its starter would take up to nearly half of
 * the time that it takes to start them.
 */
import { type ChildProcess, spawn } from "node:child_process"
import type { Socket } from "node:net"
import process from "node:process"
import type { Writable } from "node:stream"

/** Signals to all processes of a terminal are not for the shell. */
const SCRIPT = `
trap '' HUP INT QUIT TERM
children=' '
while read -r change pid; do
  case $change in
    +) children="$children$pid " ;;
    -) children="\${children%% $pid *} \${children#* $pid }" ;;
  esac
done
if [ "$children" != ' ' ]; then
  sleep 1
  kill -KILL $children
fi
`

/** Programs do without it where there is no shell, Deno may not run it, or somebody has killed it. */
const missing = (error: unknown): void =>
  process.emitWarning(
    `OS processes that are busy when this program is killed will run on: there is no /bin/sh to end them (${error})`,
  )

const startShell = (): Writable | undefined => {
  try {
    const shell = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"] })
    shell.on("error", missing)
    if (shell.pid === undefined) return undefined
    shell.unref()
    ;(shell.stdin as Writable as Socket).unref?.()
    shell.on("exit", () => missing("it was killed"))
    // The exit tells.
    shell.stdin.on("error", () => {})
    return shell.stdin
  } catch (error) {
    missing(error)
    return undefined
  }
}

let guard: { readonly stdin: Writable | undefined } | undefined

/** Has a child killed that outlives this program; on Node and Bun, also one that outlives the thread that started it. */
export const guarded = (child: ChildProcess): void => {
  const { pid } = child
  if (pid === undefined) return
  guard ??= { stdin: startShell() }
  const { stdin } = guard
  stdin?.write(`+ ${pid}\n`)
  // Until this thread hears of the end, nobody else gets the pid.
  child.on("exit", () => stdin?.write(`- ${pid}\n`))
}
