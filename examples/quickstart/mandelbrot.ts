import * as Task from "multifiber/Task"
import { colours, toByte, wheel } from "./palette.ts"
import type { Workload } from "./workload.ts"

/** The tail of a seahorse, on the edge of the Mandelbrot set. */
const view = { re: -0.7435669, im: 0.1314023, width: 0.0022878 }

const maxIterations = 1500

/** Far beyond 2², where escape is certain, so that the smooth count shows no bands. */
const bailout = 256

/** Each pixel is the mean of 2 × 2 points, which keeps the fine filaments from turning into noise. */
const offsets = [-0.25, 0.25]

/** Turns of the colour wheel for each e-fold of the escape time. */
const turns = 0.8

export const { renderRow } = Task.module(import.meta.url, {
  /** Row `y` of a picture, as red, green and blue bytes. */
  renderRow: (y: number, width: number, height: number): Uint8Array => {
    const pixels = new Uint8Array(3 * width)
    const scale = view.width / width
    for (let x = 0; x < width; x++) {
      let red = 0
      let green = 0
      let blue = 0
      for (const dy of offsets) {
        for (const dx of offsets) {
          const time = escapeTime(
            view.re + (x + 0.5 + dx - width / 2) * scale,
            view.im - (y + 0.5 + dy - height / 2) * scale,
          )
          if (time === Infinity) continue
          const colour = 3 * (Math.floor(Math.log(time + 1) * turns * colours) % colours)
          red += wheel[colour] ?? 0
          green += wheel[colour + 1] ?? 0
          blue += wheel[colour + 2] ?? 0
        }
      }
      pixels[3 * x] = toByte(red / 4)
      pixels[3 * x + 1] = toByte(green / 4)
      pixels[3 * x + 2] = toByte(blue / 4)
    }
    return pixels
  },
})

/** Steps until the point leaves the disc for good, with a fraction; Infinity for a point that stays. */
function escapeTime(cRe: number, cIm: number): number {
  let re = 0
  let im = 0
  let reSquared = 0
  let imSquared = 0
  for (let step = 1; step <= maxIterations; step++) {
    im = 2 * re * im + cIm
    re = reSquared - imSquared + cRe
    reSquared = re * re
    imSquared = im * im
    const distanceSquared = reSquared + imSquared
    if (distanceSquared > bailout) return step + 1 - Math.log2(Math.log2(distanceSquared) / 2)
  }
  return Infinity
}

export interface Picture {
  readonly width: number
  readonly height: number
  /** Red, green and blue bytes of all pixels, row after row. */
  readonly data: Uint8Array
}

export const mandelbrot = (
  width: number,
  height: number,
): Workload<[y: number, width: number, height: number], Uint8Array, Picture> => ({
  name: "Mandelbrot picture",
  task: renderRow,
  calls: Array.from({ length: height }, (_, y) => [y, width, height]),
  merge: (rows) => {
    const data = new Uint8Array(3 * width * height)
    for (const [y, row] of rows.entries()) data.set(row, 3 * width * y)
    return { width, height, data }
  },
})
