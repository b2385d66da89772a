/** `OverRelease` as plain code throws it: the class of the same name needs `effect`. */
export interface OverReleased {
  readonly primitive: string
  readonly reason: string
}

export const messageOf = ({ primitive, reason }: OverReleased): string =>
  `Cannot release the ${primitive}: ${reason}`

export const overReleased = (what: OverReleased): Error =>
  Object.assign(new Error(messageOf(what)), { name: "OverRelease", _tag: "OverRelease", ...what })
