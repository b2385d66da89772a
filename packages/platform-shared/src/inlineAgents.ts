/** The text of the built files that agents start with, put here by the build: for programs bundled into one file. */
export const inlineAgents: { readonly thread: string; readonly process: string } | undefined = undefined
