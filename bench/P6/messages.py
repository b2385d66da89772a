"""What queue.ts measures, of CPython's multiprocessing.Queue. Its argument is the settings; prints one line of JSON."""

import json
import statistics
import sys
import time
from multiprocessing import get_context


def put(queue, n, small):
    for i in range(n):
        queue.put({"id": i, "name": "a small object"} if small else i)


def get(queue, n, small, results):
    total = 0
    begin = 0
    for i in range(n):
        value = queue.get()
        if i == 0:
            begin = time.perf_counter()
        total += value["id"] if small else value
    seconds = time.perf_counter() - begin
    results.put(((n - 1) / seconds, total))


def rate(context, n, small, seconds):
    rates = []
    begin = time.perf_counter()
    while not rates or time.perf_counter() - begin < seconds:
        queue, results = context.Queue(), context.Queue()
        children = [
            context.Process(target=get, args=(queue, n, small, results)),
            context.Process(target=put, args=(queue, n, small)),
        ]
        for child in children:
            child.start()
        measured, total = results.get()
        for child in children:
            child.join()
        if total != n * (n - 1) // 2:
            raise RuntimeError(f"the sum is {total}")
        rates.append(measured)
    return statistics.median(rates)


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    context = get_context("fork")
    n = settings["n"] // 4
    print(
        json.dumps(
            {
                "numbers": rate(context, n, False, settings["seconds"]),
                "objects": rate(context, n, True, settings["seconds"]),
            }
        )
    )
