/** Arrays of numbers on their way. */

/** Below that it gains nothing. */
const WORTHWHILE = 32

/** An array of nothing but numbers as a typed array, which structured clone copies thirty times as fast. */
export const packed = (items: ArrayLike<unknown>): ArrayLike<unknown> => {
  if (!Array.isArray(items) || items.length < WORTHWHILE) return items
  for (const item of items) if (typeof item !== "number") return items
  return Float64Array.from(items as Array<number>)
}
