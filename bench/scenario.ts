// What a benchmark is: each id is a folder `bench/<id>` whose scenario.ts declares the figures of its target.

export const RUNTIMES = ["node", "deno", "bun"] as const
export type Runtime = (typeof RUNTIMES)[number]

/** What every contender gets as its argument. */
export interface Settings {
  readonly n: number
  readonly workers: number
  /** How long each contender warms up, and how long it measures at least. */
  readonly warmUpSeconds: number
  readonly seconds: number
}

/**
 * One figure of a target. Its contenders are files of the scenario's folder; each prints one line of JSON with a number
 * for every part that names it, under the part's name.
 */
export interface Part {
  readonly name: string
  readonly unit: string
  readonly better: "higher" | "lower"
  readonly ours: string
  readonly peers: ReadonlyArray<string>
  /** What is held against the target: of the median figures. Not called while every peer lacks a figure. */
  readonly ratio: (ours: number, peers: ReadonlyArray<number>) => number
  readonly target: Readonly<Record<Runtime, number>>
  /** What else ours prints, as `<name of the part>: <this name>`: shown, but not held against the target. */
  readonly beside?: ReadonlyArray<string>
  /** What is to be said of a result, given the medians of what stands beside it. */
  readonly remark?: (beside: Beside) => string | undefined
}

export type Beside = Readonly<Record<string, number>>

export interface Scenario {
  readonly title: string
  readonly settings: Settings
  /** How many runs, where nobody says otherwise. Default: 5. */
  readonly runs?: number
  /** How long a contender may take. Default: 300. */
  readonly timeoutSeconds?: number
  /** Arguments for the runtime itself, which go before the file. */
  readonly flags?: Readonly<Record<Runtime, ReadonlyArray<string>>>
  /** The contenders run on the built packages, as users have them; otherwise on the sources. */
  readonly installed?: boolean
  readonly parts: ReadonlyArray<Part>
}

/** How many times the rate of the fastest peer. */
export const timesFastest = (ours: number, peers: ReadonlyArray<number>): number => ours / Math.max(...peers)

/** For a figure that has no peers. */
export const itself = (ours: number): number => ours

export const everywhere = (target: number): Part["target"] => ({ node: target, deno: target, bun: target })
