"""What pipe.ts measures in plain code, of CPython's multiprocessing.Pipe. Its argument is the settings; prints one line of JSON."""

import json
import statistics
import sys
import time
from multiprocessing import get_context

STOP = -1


def echo(end):
    while (value := end.recv()) != STOP:
        end.send(value)


def ping(end, seconds, n, results):
    times = []
    begin = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        for i in range(n):
            end.send(i)
            if end.recv() != i:
                raise RuntimeError("another value came back")
        times.append((time.perf_counter() - start) * 1e6 / n)
    end.send(STOP)
    results.put(statistics.median(times[len(times) // 3 :]))


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    context = get_context("fork")
    left, right = context.Pipe()
    results = context.Queue()
    seconds = settings["warmUpSeconds"] + settings["seconds"]
    children = [
        context.Process(target=echo, args=(right,)),
        context.Process(target=ping, args=(left, seconds, settings["n"], results)),
    ]
    for child in children:
        child.start()
    trip = results.get()
    for child in children:
        child.join()
    print(json.dumps({"sync": trip}))
