/** How much memory this agent uses. */
import process from "node:process"

export const memory = (): { readonly heap: number; readonly rss: number } => {
  const { heapUsed: heap, rss } = process.memoryUsage()
  return { heap, rss }
}
