interface Stop {
  /** From 0 to 1 on the colour wheel. */
  readonly position: number
  readonly sRgb: readonly [red: number, green: number, blue: number]
}

/** The last stop meets the first. */
const [firstStop, ...otherStops]: readonly [Stop, ...Array<Stop>] = [
  { position: 0, sRgb: [0, 7, 100] },
  { position: 0.16, sRgb: [32, 107, 203] },
  { position: 0.42, sRgb: [237, 255, 255] },
  { position: 0.6425, sRgb: [255, 170, 0] },
  { position: 0.8575, sRgb: [0, 2, 0] },
  { position: 1, sRgb: [0, 7, 100] },
]

/** Number of colours on the wheel. */
export const colours = 4096

const gamma = 2.2

/** sRGB bytes are not linear, light is: colours are mixed as light, and become bytes at the very end. */
const toLight = (byte: number) => (byte / 255) ** gamma

export const toByte = (light: number) => Math.round(light ** (1 / gamma) * 255)

const makeWheel = (): Float64Array => {
  const light = new Float64Array(3 * colours)
  let from = firstStop
  for (const to of otherStops) {
    for (let colour = Math.ceil(from.position * colours); colour < to.position * colours; colour++) {
      const linear = (colour / colours - from.position) / (to.position - from.position)
      const smooth = linear * linear * (3 - 2 * linear)
      for (const channel of [0, 1, 2] as const) {
        light[3 * colour + channel] =
          toLight(from.sRgb[channel]) * (1 - smooth) + toLight(to.sRgb[channel]) * smooth
      }
    }
    from = to
  }
  return light
}

/** Red, green and blue light of each colour, one colour after the other. */
export const wheel = makeWheel()
