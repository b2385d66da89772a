export const formatSeconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`

export const formatSpeedup = (speedup: number) => `${speedup.toFixed(2)} ×`

export const formatCount = (count: number) => count.toLocaleString("en-US")
