"""What sets.ts measures, of a dict of CPython's multiprocessing.Manager. Its argument is the settings; prints one line of JSON."""

import json
import statistics
import sys
import time
from multiprocessing import get_context


def rate(numbers, n):
    begin = time.perf_counter()
    for i in range(n):
        numbers[i % 100] = i
    return n / (time.perf_counter() - begin)


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    n = settings["n"]
    with get_context("fork").Manager() as manager:
        numbers = manager.dict()
        rate(numbers, n)
        rates = []
        begin = time.perf_counter()
        while not rates or time.perf_counter() - begin < settings["seconds"]:
            rates.append(rate(numbers, n))
        if len(numbers) != 100:
            raise RuntimeError(f"{len(numbers)} keys")
    median = statistics.median(rates)
    print(json.dumps({"thread": median, "process": median, "fibers": median}))
