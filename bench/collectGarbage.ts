/** A full collection, by whatever name the runtime has it: the scenario's flags expose it. */
export const collectGarbage = (): void => {
  const { Bun, gc } = globalThis as { Bun?: { gc: (sync: boolean) => void }; gc?: () => void }
  if (Bun !== undefined) Bun.gc(true)
  else if (gc !== undefined) gc()
  else throw new Error("This runtime does not expose its garbage collector")
}
