/** What an agent keeps of something that it uses through its starter. Loads nothing: plain code uses it. */

export interface Remote {
  readonly id: string
  /** Throws where this agent does not use it any more. */
  readonly checkOpen: () => void
  /** How to withdraw what it waits for. */
  readonly pending: Set<() => void>
}

/** The same of a primitive, which nobody closes. */
export class RemoteSide implements Remote {
  readonly id: string
  readonly pending = new Set<() => void>()

  constructor(id: string) {
    this.id = id
  }

  checkOpen(): void {}
}
