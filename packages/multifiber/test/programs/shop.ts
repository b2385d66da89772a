/** What the managers of the programs have. */
import * as Task from "multifiber/Task"

/** Where programs find what others have put there. */
const shelf = new Map<string, any>()

export const shop = Task.module(import.meta.url, { shelf: () => shelf })
