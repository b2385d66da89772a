export const increment: (n: number) => number
export const factorial: (n: number) => number
export const exactFactorial: (n: number) => bigint
