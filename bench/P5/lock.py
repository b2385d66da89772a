"""What lock.ts measures, of CPython's multiprocessing.Lock. Its argument is the settings; prints one line of JSON."""

import json
import statistics
import sys
import time
from multiprocessing import get_context

BATCH = 100


def operate(lock, operations):
    acquire, release = lock.acquire, lock.release
    for _ in range(operations):
        acquire()
        release()


def uncontended(lock, n, seconds):
    times = []
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        operate(lock, n)
        times.append((time.perf_counter() - start) / n * 1e9)
    return statistics.median(times[len(times) // 3 :])


def hammer(lock, barrier, seconds, results):
    operate(lock, 20_000)
    barrier.wait()
    begin = end = time.perf_counter()
    operations = 0
    while end - begin < seconds:
        operate(lock, BATCH)
        operations += BATCH
        end = time.perf_counter()
    results.put((operations, begin, end))


def contended(context, workers, seconds):
    lock, barrier, results = context.Lock(), context.Barrier(workers), context.Queue()
    children = [
        context.Process(target=hammer, args=(lock, barrier, seconds, results))
        for _ in range(workers)
    ]
    for child in children:
        child.start()
    runs = [results.get() for _ in children]
    for child in children:
        child.join()
    begins, ends = [begin for _, begin, _ in runs], [end for _, _, end in runs]
    elapsed = max(ends) - min(begins)
    if min(ends) - max(begins) < 0.9 * elapsed:
        raise RuntimeError("the processes did not run together")
    return sum(operations for operations, _, _ in runs) / elapsed


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    context = get_context("fork")
    alone = uncontended(context.Lock(), settings["n"], settings["warmUpSeconds"] + settings["seconds"])
    together = contended(context, settings["workers"], settings["seconds"])
    print(json.dumps({"uncontended": alone, "contended": together}))
