/** `OverRelease` as plain code throws it: the class of the same name needs `effect`. */
export const messageOf = (primitive: string): string => `Cannot release the ${primitive}: nobody holds it`

export const overReleased = (primitive: string): Error =>
  Object.assign(new Error(messageOf(primitive)), { name: "OverRelease", _tag: "OverRelease", primitive })
