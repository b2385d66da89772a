/** Gray and Scott's reaction of two substances that diffuse, on a torus: the pattern of a coral grows from some seeds. */

export const width = 768
export const height = 512
export const steps = 100

const diffusionU = 0.16
const diffusionV = 0.08
const feed = 0.06
const kill = 0.062

const area = width * height

/** Cells of two generations, of which each has the grids of both substances. */
export const cells = 4 * area

export const initialize = (grid: Float64Array): void => {
  grid.fill(1, 0, area)
  grid.fill(0, area)
  for (let seed = 0; seed < 24; seed++) {
    const row = (seed * 197) % height
    const column = (seed * 331) % width
    for (let y = row; y < Math.min(row + 12, height); y++) {
      for (let x = column; x < Math.min(column + 12, width); x++) {
        grid[y * width + x] = 0.5
        grid[area + y * width + x] = 0.25
      }
    }
  }
}

/** Computes the rows from `top` to `bottom` of each generation, and meets the others before the next one. */
export const simulate = (grid: Float64Array, top: number, bottom: number, meet: () => void): void => {
  for (let step = 0; step < steps; step++) {
    const from = (step % 2) * 2 * area
    advance(grid, from, 2 * area - from, top, bottom)
    meet()
  }
}

const advance = (grid: Float64Array, from: number, to: number, top: number, bottom: number): void => {
  for (let y = top; y < bottom; y++) {
    const here = from + y * width
    const above = from + ((y + height - 1) % height) * width
    const below = from + ((y + 1) % height) * width
    for (let x = 0; x < width; x++) {
      const left = x === 0 ? width - 1 : x - 1
      const right = x === width - 1 ? 0 : x + 1
      const u = grid[here + x] as number
      const v = grid[area + here + x] as number
      const aroundU =
        (grid[above + x] as number) +
        (grid[below + x] as number) +
        (grid[here + left] as number) +
        (grid[here + right] as number)
      const aroundV =
        (grid[area + above + x] as number) +
        (grid[area + below + x] as number) +
        (grid[area + here + left] as number) +
        (grid[area + here + right] as number)
      const reaction = u * v * v
      const place = to + y * width + x
      grid[place] = u + diffusionU * (aroundU - 4 * u) - reaction + feed * (1 - u)
      grid[area + place] = v + diffusionV * (aroundV - 4 * v) + reaction - (feed + kill) * v
    }
  }
}

/** The first generation: where the last one lies, for an even number of steps. */
export const answerOf = (grid: Float64Array): Float64Array => Float64Array.from(grid.subarray(0, 2 * area))

/** The rows of a worker. */
export const bandOf = (index: number, count: number): readonly [top: number, bottom: number] => [
  Math.round((index * height) / count),
  Math.round(((index + 1) * height) / count),
]

export const check = (answer: Float64Array): void => {
  const eaten = answer.subarray(area).reduce((sum, v) => sum + v, 0)
  if (!(eaten > 0 && eaten < area)) throw new Error(`there is ${eaten} of the second substance`)
}
