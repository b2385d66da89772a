/** `BrokenBarrier` as plain code throws it: the class of the same name needs `effect`. */
export const BROKEN = "Cannot pass the barrier: it is broken"

export const brokenBarrier = (): Error =>
  Object.assign(new Error(BROKEN), { name: "BrokenBarrier", _tag: "BrokenBarrier" })
