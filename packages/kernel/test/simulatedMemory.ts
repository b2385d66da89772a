import type { Memory } from "@multifiber/kernel/Memory"

/** Words of one thread, that count how often they are touched. */
export const simulatedMemory = (length: number): Memory & { readonly operations: () => number } => {
  const words = new Array<number>(length).fill(0)
  let operations = 0
  const read = (index: number): number => {
    operations++
    return words[index] as number
  }
  const write = (index: number, value: number): void => {
    words[index] = value | 0
  }
  return {
    length,
    operations: () => operations,
    load: read,
    store: (index, value) => {
      read(index)
      write(index, value)
    },
    compareExchange: (index, expected, next) => {
      const found = read(index)
      if (found === (expected | 0)) write(index, next)
      return found
    },
    add: (index, delta) => {
      const found = read(index)
      write(index, found + delta)
      return found
    },
    and: (index, mask) => {
      const found = read(index)
      write(index, found & mask)
      return found
    },
    or: (index, bits) => {
      const found = read(index)
      write(index, found | bits)
      return found
    },
    wait: () => true,
    waitAsync: () => undefined,
    notify: () => {},
  }
}
