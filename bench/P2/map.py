"""What map.ts measures, of CPython's Pool.map. Its argument is the settings; prints one line of JSON."""

import json
import statistics
import sys
import time
from multiprocessing import get_context


def increment(n):
    return n + 1


def increment_item(item):
    return {"id": item["id"] + 1, "name": item["name"]}


def rate(pool, function, items, number_of, seconds):
    rates = []
    end = time.perf_counter() + seconds
    while not rates or time.perf_counter() < end:
        begin = time.perf_counter()
        results = pool.map(function, items)
        rates.append(len(items) / (time.perf_counter() - begin))
        if any(number_of(result) != i + 1 for i, result in enumerate(results)):
            raise RuntimeError("a result is wrong")
    return statistics.median(rates)


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    n, seconds = settings["n"], settings["seconds"]
    numbers = list(range(n))
    floats = [float(i) for i in range(n)]
    objects = [{"id": i, "name": "a small object"} for i in range(n)]
    with get_context("fork").Pool(settings["workers"]) as pool:
        print(
            json.dumps(
                {
                    "typed array": rate(pool, increment, floats, lambda x: x, seconds),
                    "numbers": rate(pool, increment, numbers, lambda x: x, seconds),
                    "objects": rate(pool, increment_item, objects, lambda x: x["id"], seconds),
                }
            )
        )
