import process from "node:process"
import { SingleBar } from "cli-progress"
import { Effect } from "effect"

/**
 * Shows a bar while `work` runs, which gets an effect that moves the bar one step on.
 *
 * cli-progress draws nothing where stdout is not a terminal.
 */
export const withProgress = <A, E, R>(
  label: string,
  steps: number,
  work: (step: Effect.Effect<void>) => Effect.Effect<A, E, R>,
): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const bar = new SingleBar({
        format: `${label.padEnd(28)} {bar} {percentage} %`,
        barCompleteChar: "█",
        barIncompleteChar: "░",
        stream: process.stdout,
        clearOnComplete: true,
        // The release below restores the terminal, on Ctrl-C too.
        gracefulExit: false,
      })
      bar.start(steps, 0)
      return bar
    }),
    (bar) => work(Effect.sync(() => bar.increment())),
    (bar) => Effect.sync(() => bar.stop()),
  )
