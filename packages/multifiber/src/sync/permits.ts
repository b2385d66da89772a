/** Numbers of permits. */
import { type FieldsOf, plainError } from "./plainErrors.ts"

/** What is wrong with a number of permits that is not whole, or not from `least` to `most`; none where it is. */
export const refusal = (
  permits: number,
  least: 0 | 1,
  most: number,
): FieldsOf<"InvalidArgument"> | undefined =>
  Number.isSafeInteger(permits) && permits >= least && permits <= most
    ? undefined
    : {
        argument: "permits",
        value: permits,
        expected: `a whole number of at least ${least} and at most ${most}`,
      }

/** Throws `InvalidArgument` for a number of permits that nobody can have at once. */
export const check = (permits: number, most: number): void => {
  const refused = refusal(permits, 1, most)
  if (refused) throw plainError("InvalidArgument", refused)
}
