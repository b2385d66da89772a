/** The text of the built worker file, put here by the build: for programs bundled into one file. */
export const inlineWorker: string | undefined = undefined
