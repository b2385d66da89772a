/**
 * One import line for Node, Deno and Bun: the export conditions of the runtime pick the adapter.
 *
 * @since 0.1.0
 */
export { layer, Main } from "#adapter"
