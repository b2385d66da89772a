/** The laws of the primitives, for those that agents share through memory. */
import { describe, it } from "@effect/vitest"
import { type Barrier as BarrierLike, barrierLaws } from "@multifiber/testkit/laws/barriers"
import { type Condition as ConditionLike, conditionLaws } from "@multifiber/testkit/laws/conditions"
import { type Event as EventLike, eventLaws } from "@multifiber/testkit/laws/events"
import {
  boundedLaws,
  type Gate,
  lockLaws,
  type Permits,
  permitLaws,
  type RLock as RLockLike,
  rlockLaws,
  type Semaphore as SemaphoreLike,
  semaphoreLaws,
} from "@multifiber/testkit/laws/gates"
import {
  type JoinableQueue as JoinableQueueLike,
  joinableQueueLaws,
} from "@multifiber/testkit/laws/joinableQueues"
import type { Law } from "@multifiber/testkit/laws/law"
import { type Queue as QueueLike, queueLaws } from "@multifiber/testkit/laws/queues"
import { type Value as ValueLike, valueLaws } from "@multifiber/testkit/laws/values"
import { barrierModel } from "@multifiber/testkit/models/barriers"
import { conditionModel } from "@multifiber/testkit/models/conditions"
import { eventModel } from "@multifiber/testkit/models/events"
import { boundedModel, permitModel, rlockModel, semaphoreModel } from "@multifiber/testkit/models/gates"
import { queueModel } from "@multifiber/testkit/models/queues"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Barrier from "../src/Barrier.ts"
import * as BoundedSemaphore from "../src/BoundedSemaphore.ts"
import * as Condition from "../src/Condition.ts"
import * as Event from "../src/Event.ts"
import * as JoinableQueue from "../src/JoinableQueue.ts"
import * as Lock from "../src/Lock.ts"
import * as Queue from "../src/Queue.ts"
import * as RLock from "../src/RLock.ts"
import * as Semaphore from "../src/Semaphore.ts"
import * as Value from "../src/Value.ts"
import { within } from "./live.ts"

const obeys = <Subject>(name: string, laws: ReadonlyArray<Law<Subject>>, subject: Subject): void => {
  describe.concurrent(name, () => {
    for (const { check, name, says } of laws)
      it.live(`${name}: ${says}`, () => within(40)(check(subject)), 45_000)
  })
}

const passes = (acquired: Lock.Acquired | boolean) => acquired !== false

const lock: Effect.Effect<Gate> = Effect.map(Lock.make, (lock) => ({
  total: 1,
  acquire: Lock.acquire(lock),
  tryAcquire: Effect.map(Lock.tryAcquire(lock), passes),
  acquireWithin: (milliseconds) => Lock.acquireWithin(lock, milliseconds),
  release: Lock.release(lock),
  around: Lock.withLock(lock),
  free: Effect.map(Lock.isLocked(lock), (held) => (held ? 0 : 1)),
}))

const rlock: Effect.Effect<RLockLike> = Effect.map(RLock.make, (lock) => ({
  total: 1,
  acquire: RLock.acquire(lock),
  tryAcquire: Effect.map(RLock.tryAcquire(lock), passes),
  acquireWithin: (milliseconds) => RLock.acquireWithin(lock, milliseconds),
  release: RLock.release(lock),
  around: RLock.withLock(lock),
  free: Effect.map(RLock.isLocked(lock), (held) => (held ? 0 : 1)),
  depth: RLock.depth(lock),
}))

const semaphore = (total: number): Effect.Effect<SemaphoreLike & Permits> =>
  Effect.map(Effect.orDie(Semaphore.make(total)), (seats) => ({
    total,
    acquire: Semaphore.acquire(seats),
    tryAcquire: Semaphore.tryAcquire(seats),
    acquireWithin: (milliseconds) => Semaphore.acquireWithin(seats, milliseconds),
    release: Semaphore.release(seats),
    around: Semaphore.withPermit(seats),
    acquireMany: (permits) => Semaphore.acquire(seats, permits),
    tryAcquireMany: (permits) => Semaphore.tryAcquire(seats, permits),
    acquireManyWithin: (permits, milliseconds) => Semaphore.acquireWithin(seats, milliseconds, permits),
    releaseMany: (permits) => Semaphore.release(seats, permits),
    aroundMany: (permits, body) => Semaphore.withPermits(body, seats, permits),
    free: Semaphore.permits(seats),
  }))

const bounded = (total: number): Effect.Effect<Permits> =>
  Effect.map(Effect.orDie(BoundedSemaphore.make(total)), (seats) => ({
    total,
    acquire: BoundedSemaphore.acquire(seats),
    tryAcquire: BoundedSemaphore.tryAcquire(seats),
    acquireWithin: (milliseconds) => BoundedSemaphore.acquireWithin(seats, milliseconds),
    release: BoundedSemaphore.release(seats),
    around: BoundedSemaphore.withPermit(seats),
    acquireMany: (permits) => BoundedSemaphore.acquire(seats, permits),
    tryAcquireMany: (permits) => BoundedSemaphore.tryAcquire(seats, permits),
    acquireManyWithin: (permits, milliseconds) =>
      BoundedSemaphore.acquireWithin(seats, milliseconds, permits),
    releaseMany: (permits) => BoundedSemaphore.release(seats, permits),
    aroundMany: (permits, body) => BoundedSemaphore.withPermits(body, seats, permits),
    free: BoundedSemaphore.permits(seats),
  }))

const event: Effect.Effect<EventLike> = Effect.map(Event.make, (event) => ({
  set: Event.set(event),
  clear: Event.clear(event),
  isSet: Event.isSet(event),
  wait: Event.wait(event),
  waitWithin: (milliseconds) => Event.waitWithin(event, milliseconds),
}))

const conditionOf = (condition: Condition.Condition): ConditionLike => ({
  withLock: Condition.withLock(condition),
  wait: Condition.wait(condition),
  waitWithin: (milliseconds) => Condition.waitWithin(condition, milliseconds),
  notify: (count) => Condition.notify(condition, count),
  notifyAll: Condition.notifyAll(condition),
})

const barrier = (parties: number): Effect.Effect<BarrierLike, unknown> =>
  Effect.map(Barrier.make(parties), (barrier) => ({
    wait: Barrier.wait(barrier),
    waitWithin: (milliseconds) => Barrier.waitWithin(barrier, milliseconds),
    abort: Barrier.abort(barrier),
    reset: Barrier.reset(barrier),
    isBroken: Barrier.isBroken(barrier),
    waiting: Barrier.waiting(barrier),
  }))

const numberOf = (value: Value.Value<"i32">): ValueLike => ({
  get: Value.get(value),
  set: (next) => Value.set(value, next),
  modify: (f) => Value.modify(value, f),
  fetchAdd: (delta) => Value.fetchAdd(value, delta),
  compareExchange: (expected, next) => Value.compareExchange(value, expected, next),
  withLock: Value.withLock(value),
})

const queueOf = (capacity: number, queue: Queue.Queue<number>): QueueLike => ({
  capacity,
  put: (value) => Queue.put(queue, value),
  tryPut: (value) => Queue.tryPut(queue, value),
  putWithin: (value, milliseconds) => Queue.putWithin(queue, value, milliseconds),
  get: Queue.get(queue),
  tryGet: Effect.map(Queue.tryGet(queue), Option.getOrUndefined),
  getWithin: (milliseconds) => Queue.getWithin(queue, milliseconds),
  size: Queue.size(queue),
  shutdown: Queue.shutdown(queue),
})

const queue = (capacity: number): Effect.Effect<QueueLike, unknown> =>
  Effect.map(Queue.make<number>({ capacity }), (queue) => queueOf(capacity, queue))

const joinableQueue = (capacity: number): Effect.Effect<JoinableQueueLike, unknown> =>
  Effect.map(JoinableQueue.make<number>({ capacity }), (queue) => ({
    ...queueOf(capacity, queue),
    taskDone: JoinableQueue.taskDone(queue),
    join: JoinableQueue.join(queue),
    joinWithin: (milliseconds) => JoinableQueue.joinWithin(queue, milliseconds),
  }))

obeys("Lock", [...lockLaws, boundedModel], lock)
obeys("RLock", [...rlockLaws, rlockModel], rlock)
for (const total of [1, 3]) {
  obeys(`Semaphore of ${total}`, [...semaphoreLaws, semaphoreModel], semaphore(total))
  obeys(`BoundedSemaphore of ${total}`, [...boundedLaws, boundedModel], bounded(total))
}
obeys("Semaphore, several at once", [...permitLaws, permitModel(Number.POSITIVE_INFINITY)], semaphore(3))
obeys("BoundedSemaphore, several at once", [...permitLaws, permitModel()], bounded(3))
obeys("Event", [...eventLaws, eventModel], event)
obeys("Condition", [...conditionLaws, conditionModel], Effect.map(Condition.make, conditionOf))
obeys(
  "Condition over a Lock",
  [...conditionLaws, conditionModel],
  Effect.flatMap(Lock.make, (lock) => Effect.map(Effect.orDie(Condition.fromLock(lock)), conditionOf)),
)
obeys("Barrier", barrierLaws, barrier)
for (const parties of [1, 3]) obeys(`Barrier of ${parties}`, [barrierModel(parties)], barrier(parties))
obeys("Value", valueLaws, Effect.map(Effect.orDie(Value.make("i32")), numberOf))
for (const capacity of [1, 3]) {
  obeys(`Queue of ${capacity}`, [...queueLaws, queueModel], queue(capacity))
  obeys(`JoinableQueue of ${capacity}`, joinableQueueLaws, joinableQueue(capacity))
}
