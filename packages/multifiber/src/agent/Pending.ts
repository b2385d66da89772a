/** A result that will be there some day: settled once, watched by any number of callbacks. Plain, since pools hold many. */

type Observer = (pending: Pending) => void

export class Pending {
  status: "waiting" | "succeeded" | "failed" = "waiting"
  /** The value, or the error. */
  outcome: unknown = undefined
  private observers: Observer | Array<Observer> | undefined = undefined

  static failed(error: unknown): Pending {
    const pending = new Pending()
    pending.fail(error)
    return pending
  }

  succeed(value: unknown): void {
    this.settle("succeeded", value)
  }

  fail(error: unknown): void {
    this.settle("failed", error)
  }

  private settle(status: "succeeded" | "failed", outcome: unknown): void {
    if (this.status !== "waiting") return
    this.status = status
    this.outcome = outcome
    const { observers } = this
    this.observers = undefined
    if (typeof observers === "function") observers(this)
    else if (observers) for (const observer of observers) observer(this)
    this.afterSettled()
  }

  protected afterSettled(): void {}

  /** Nobody wants it any more: it fails where it is not settled. */
  abandon(): void {}

  /** Calls back once, when settled: at once where it is. */
  observe(observer: Observer): void {
    if (this.status !== "waiting") observer(this)
    else if (this.observers === undefined) this.observers = observer
    else if (typeof this.observers === "function") this.observers = [this.observers, observer]
    else this.observers.push(observer)
  }

  unobserve(observer: Observer): void {
    if (this.observers === observer) this.observers = undefined
    else if (Array.isArray(this.observers))
      this.observers = this.observers.filter((other) => other !== observer)
  }
}
