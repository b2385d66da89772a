import { Main } from "@multifiber/platform"
import * as Task from "multifiber/Task"
import { compare } from "./compare.ts"
import { overItems } from "./items.ts"

const width = 400
const height = 320
/** Of an item. */
const rows = 4
const maxIterations = 5000

/** The whole Mandelbrot set. */
const view = { re: -0.75, im: 0, width: 3 }

/** Its area, which nobody knows to more digits than a few. */
const area = 1.5066

export const { escapeTimes } = Task.module(import.meta.url, {
  /** For each point of some rows, the steps until it leaves the disc of radius 2; `maxIterations` for one that stays. */
  escapeTimes: (top: number): Uint16Array => {
    const times = new Uint16Array(width * rows)
    const scale = view.width / width
    for (let point = 0; point < times.length; point++) {
      const cRe = view.re + ((point % width) - width / 2) * scale
      const cIm = view.im - (top + Math.floor(point / width) - height / 2) * scale
      let re = 0
      let im = 0
      let step = 0
      while (step < maxIterations && re * re + im * im <= 4) {
        const next = re * re - im * im + cRe
        im = 2 * re * im + cIm
        re = next
        step++
      }
      times[point] = step
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
      Array.from({ length: height / rows }, (_, i) => i * rows),
      (bands) => {
        const stay = bands.reduce(
          (sum, band) => sum + band.filter((time) => time === maxIterations).length,
          0,
        )
        const found = stay * (view.width / width) ** 2
        if (Math.abs(found - area) > 0.02) throw new Error(`the set has an area of ${found}`)
      },
    ),
  ),
)
