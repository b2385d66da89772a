/**
 * The names of shared memory. The main agent of those that share memory keeps the directory of all; every other asks its
 * starter. Loads nothing: runners use it.
 */
import * as Agent from "../Agent.ts"

/** Who has this name? Where nobody has it and there are `words`, they have it from now on. */
export interface Question {
  readonly name: string
  readonly words?: SharedArrayBuffer
}

/** Who had it when the question came. */
export type Answer = SharedArrayBuffer | undefined

/** In front of the bytes of a block, in bytes. A multiple of 8, so that all kinds of numbers fit behind it. */
export const HEADER = 8

/** The Int32 slot of the header that is 1 once the block is unlinked. */
const UNLINKED = 0

const headerOf = (words: SharedArrayBuffer): Int32Array => new Int32Array(words, 0, HEADER / 4)

export const isUnlinked = (words: SharedArrayBuffer): boolean => Atomics.load(headerOf(words), UNLINKED) !== 0

/** Answers come in the order of the questions: all of an agent go the same way. */
export const ask = (question: Question, reply: (answer: Answer) => void): void => {
  const { askStarter } = Agent.state()
  if (askStarter) askStarter(question, reply)
  else reply(lookUp(question))
}

/** Takes the name from a block; `false` where that has happened before. */
export const unlink = (name: string, words: SharedArrayBuffer): boolean => {
  if (Atomics.exchange(headerOf(words), UNLINKED, 1) !== 0) return false
  // The block says by itself that it is unlinked. The question clears its entry away, so nobody waits for the answer.
  ask({ name }, () => {})
  return true
}

const lookUp = ({ name, words }: Question): Answer => {
  const { names } = Agent.state()
  const found = names.get(name)
  if (found !== undefined && !isUnlinked(found)) return found
  if (words === undefined) names.delete(name)
  else names.set(name, words)
  return undefined
}
