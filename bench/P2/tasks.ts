import * as Task from "multifiber/Task"

export interface Item {
  readonly id: number
  readonly name: string
}

/** One function for each kind of item: neither shall slow the other down. */
export const { increment, incrementFloat, incrementItem } = Task.module(import.meta.url, {
  increment: (n: number): number => n + 1,
  incrementFloat: (n: number): number => n + 1,
  incrementItem: ({ id, name }: Item): Item => ({ id: id + 1, name }),
})
