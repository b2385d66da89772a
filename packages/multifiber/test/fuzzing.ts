/** What fuzz tests have in common. */

/** The same numbers for the same seed. */
export const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

export type Random = ReturnType<typeof randomOf>

export const oneOf = <A>(random: Random, all: ReadonlyArray<A>): A => all[random(all.length)] as A

export const garbage = (random: Random, most: number) =>
  Uint8Array.from({ length: random(most) }, () => random(256))

/** Changes, adds or takes away some bytes. */
export const mutated = (random: Random, bytes: Uint8Array): Uint8Array => {
  const result = [...bytes]
  for (let i = 1 + random(4); i > 0; i--) {
    const at = random(result.length)
    const how = random(3)
    result.splice(at, how === 0 ? 0 : 1, ...(how === 2 ? [] : [random(256)]))
  }
  return Uint8Array.from(result)
}
