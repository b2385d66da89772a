/** `NotOwner` as plain code throws it: the class of the same name needs `effect`. */
export const messageOf = (primitive: string): string => `The caller does not hold the ${primitive}`

export const notOwner = (primitive: string): Error =>
  Object.assign(new Error(messageOf(primitive)), { name: "NotOwner", _tag: "NotOwner", primitive })
