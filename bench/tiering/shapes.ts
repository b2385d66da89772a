import * as Task from "multifiber/Task"

const cells = new Float64Array(4096)

/** Tight loops of some 50 µs: what an engine may compile well or badly. */
export const shapes = Task.module(import.meta.url, {
  integers: (n: number): number => {
    let hash = 0
    for (let i = 0; i < n; i++) hash = (Math.imul(hash, 31) + i) | 0
    return hash
  },
  floats: (n: number): number => {
    let x = 0.5
    for (let i = 0; i < n; i++) x = 3.7 * x * (1 - x)
    return x
  },
  "typed array": (n: number): number => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const cell = i & 4095
      cells[cell] = (cells[cell] as number) * 0.5 + i
      sum += cells[cell] as number
    }
    return sum
  },
  objects: (n: number): number => {
    let sum = 0
    let list: Link | undefined
    for (let i = 0; i < n; i++) {
      list = { value: i, next: i % 16 === 0 ? undefined : list }
      sum += list.next?.value ?? 0
    }
    return sum
  },
})

interface Link {
  readonly value: number
  readonly next: Link | undefined
}

export type Shape = keyof typeof shapes

/** How often each loop turns in a call. */
export const iterations: Readonly<Record<Shape, number>> = {
  integers: 40_000,
  floats: 25_000,
  "typed array": 40_000,
  objects: 10_000,
}

export const names = Object.keys(shapes) as ReadonlyArray<Shape>
