import * as QueueSync from "../src/QueueSync.ts"
import * as Task from "../src/Task.ts"
export const t = Task.module(import.meta.url, {
  produce: (q: QueueSync.Queue<any>, n: number, kind: string) => { const t0 = performance.now(); for (let i = 0; i < n; i++) QueueSync.putSync(q, kind === "number" ? i : { id: i, name: "item " + i }); return performance.now() - t0 },
  consume: (q: QueueSync.Queue<any>, n: number) => { const t0 = performance.now(); let s = 0; for (let i = 0; i < n; i++) { const v = QueueSync.getSync(q); s += typeof v === "number" ? v : v.id }; return [s, performance.now() - t0] },
})
