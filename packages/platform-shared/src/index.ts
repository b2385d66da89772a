/**
 * What the adapters for Node, Deno and Bun share.
 *
 * @since 0.1.0
 */
export * as Adapter from "./Adapter.ts"
export * as Main from "./Main.ts"
export * as OsProcesses from "./OsProcesses.ts"
export * as WorkerThreads from "./WorkerThreads.ts"
