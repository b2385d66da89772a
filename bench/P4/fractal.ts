import { Main } from "@multifiber/platform"
import * as Task from "multifiber/Task"
import { compare } from "./compare.ts"
import { overItems } from "./items.ts"

const width = 400
const height = 320
const maxIterations = 5000

/** The whole Mandelbrot set. */
const view = { re: -0.75, im: 0, width: 3 }

/** Its area, which nobody knows to more digits than a few. */
const area = 1.5066

export const { escapeTimes } = Task.module(import.meta.url, {
  /** For each point of a row, the steps until it leaves the disc of radius 2; `maxIterations` for a point that stays. */
  escapeTimes: (row: number): Uint16Array => {
    const times = new Uint16Array(width)
    const scale = view.width / width
    const cIm = view.im - (row - height / 2) * scale
    for (let x = 0; x < width; x++) {
      const cRe = view.re + (x - width / 2) * scale
      let re = 0
      let im = 0
      let step = 0
      while (step < maxIterations && re * re + im * im <= 4) {
        const next = re * re - im * im + cRe
        im = 2 * re * im + cIm
        re = next
        step++
      }
      times[x] = step
    }
    return times
  },
})

Main.run(
  import.meta,
  compare(() =>
    overItems(
      "fractal",
      escapeTimes,
      Array.from({ length: height }, (_, row) => row),
      (rows) => {
        const stay = rows.reduce((sum, row) => sum + row.filter((time) => time === maxIterations).length, 0)
        const found = stay * (view.width / width) ** 2
        if (Math.abs(found - area) > 0.02) throw new Error(`the set has an area of ${found}`)
      },
    ),
  ),
)
