import * as Task from "multifiber/Task"

export const { busy, busyWithCheckpoints, increment } = Task.module(import.meta.url, {
  busy: () => {
    for (;;);
  },
  busyWithCheckpoints: () => {
    for (;;) Task.checkpoint()
  },
  increment: (n: number) => n + 1,
})
