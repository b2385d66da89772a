// JavaScript, because the peers start their workers without a TypeScript loader.

/** @type {(n: number) => number} */
export const increment = (n) => n + 1

/**
 * As poolifier's own benchmarks had it once: of numbers, and recursive. From 171 on the result is infinite.
 * @type {(n: number) => number}
 */
export const factorial = (n) => (n === 0 ? 1 : factorial(n - 1) * n)

/**
 * As they have it since.
 * @type {(n: number) => bigint}
 */
export const exactFactorial = (n) => {
  let product = 1n
  for (let i = 2n; i <= n; i++) product *= i
  return product
}
