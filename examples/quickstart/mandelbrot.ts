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

/** Rows for each call: some ten milliseconds of work. */
const bandHeight = 8

export interface Band {
  /** Width and height of the whole picture. */
  readonly width: number
  readonly height: number
  /** The first row of the band, and the one after its last. */
  readonly top: number
  readonly bottom: number
}

export const { renderBand } = Task.module(import.meta.url, {
  /** Red, green and blue bytes of some rows of the picture. */
  renderBand: ({ width, height, top, bottom }: Band): Uint8Array => {
    const pixels = new Uint8Array(3 * width * (bottom - top))
    const scale = view.width / width
    let byte = 0
    for (let y = top; y < bottom; y++) {
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
        pixels[byte++] = toByte(red / 4)
        pixels[byte++] = toByte(green / 4)
        pixels[byte++] = toByte(blue / 4)
      }
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

export const mandelbrot = (width: number, height: number): Workload<[band: Band], Uint8Array, Picture> => ({
  name: "Mandelbrot picture",
  task: renderBand,
  calls: Array.from({ length: Math.ceil(height / bandHeight) }, (_, i) => [
    { width, height, top: i * bandHeight, bottom: Math.min((i + 1) * bandHeight, height) },
  ]),
  merge: (bands) => {
    const data = new Uint8Array(3 * width * height)
    for (const [i, band] of bands.entries()) data.set(band, i * 3 * width * bandHeight)
    return { width, height, data }
  },
})
