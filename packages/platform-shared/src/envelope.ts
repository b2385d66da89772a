/**
 * Deno 2.9 goes through everything that arrives by `node:worker_threads`, element by element, in search of ports that it has to make
 * into Node's (denoland/deno#23871): a fifth of a microsecond for each number of an array, also of a typed one. It does not look
 * into a Map.
 */
const isDeno = "Deno" in globalThis

/** A message as it is posted to a thread, or by one. */
export const seal = (message: unknown): unknown => (isDeno ? new Map([[0, message]]) : message)

/** The message that was posted. */
export const open = (sealed: unknown): unknown => (isDeno ? (sealed as Map<0, unknown>).get(0) : sealed)
