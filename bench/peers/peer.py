"""What every peer of `make bench` shares: the problem list, made-up rows in memory, the line protocol, the clock.

A peer calls serve(program, version, prepare). The harness writes orders to its standard input, one a line:
    prepare NAME THREADS    build the problem of that name
    measure SECONDS         run it that long
    drop                    forget it
and reads one JSON line for each. bench/driver.cpp speaks the same protocol for us.
"""
import json
import os
import pathlib
import sys
import time

PROBLEMS = json.loads((pathlib.Path(__file__).parents[1] / "problems.json").read_text())
BATCHES = 4  # batches of rows in memory, taken in turn


class Problem:
    """A problem of the list with its rows: x [batches, batch, inputs], y or labels likewise."""

    def __init__(self, name):
        self.predict = None
        entries = {p["name"]: p for p in PROBLEMS["training"]}
        for p in PROBLEMS["prediction"]:
            if p["name"] == name:
                self.predict = p["batch"]
                name = p["of"]
        entry = entries[name]
        self.widths, self.loss, self.optimizer = entry["widths"], entry["loss"], entry["optimizer"]
        self.batch = self.predict or entry["batch"]
        self.classes = self.loss == "cross_entropy"

    def arrays(self, batches=BATCHES):
        import numpy as np

        random = np.random.default_rng(1)
        shape = (batches, self.batch)
        x = random.uniform(-1, 1, shape + (self.widths[0],)).astype(np.float32)
        if self.classes:
            return x, random.integers(0, self.widths[-1], shape)
        return x, ((x[..., :1] + 1) / 2).repeat(self.widths[-1], -1).astype(np.float32)

    def weights(self):
        import numpy as np

        random = np.random.default_rng(2)
        pairs = zip(self.widths, self.widths[1:])
        return [(random.normal(0, i ** -0.5, (i, o)).astype(np.float32), np.zeros(o, np.float32)) for i, o in pairs]

    def flops(self):
        """Of one call with one batch."""
        products = [i * o for i, o in zip(self.widths, self.widths[1:])]
        per_row = 2 * sum(products) if self.predict else 4 * products[0] + 6 * sum(products[1:])
        return per_row * self.batch

    def calls_in(self, seconds):
        """About how many steps fit into this time at 50 GFLOP/s: how long a compiled loop of steps should be."""
        return max(1, min(4096, int(seconds * 50e9 / self.flops())))


def best_of(candidates, seconds=0.1, long=0.5):
    """The fastest of [(name, call, samples)] on this machine: each warmed up, then tried up to three times in turn. A call that takes long is
    tried once."""
    times = {}
    for name, call, samples in candidates:
        call()  # compiles
        tried = _time(call, samples, 0)
        times[name] = [tried["seconds_per_sample"]]
        if tried["seconds"] < long:
            call()
    if len(candidates) > 1 and all(samples * times[name][0] < long for name, _, samples in candidates):
        for _ in range(3):
            for name, call, samples in candidates:
                times[name].append(_time(call, samples, seconds)["seconds_per_sample"])
    return min(candidates, key=lambda c: min(times[c[0]]))


def _time(call, samples, seconds):
    calls, begin, processor = 0, time.perf_counter(), time.process_time()
    passed = 0.0
    while calls == 0 or passed < seconds:
        call()
        calls += 1
        passed = time.perf_counter() - begin
    done = calls * samples
    return {"samples": done, "seconds": passed, "cpu_seconds": time.process_time() - processor, "seconds_per_sample": passed / done}


def serve(program, version, prepare):
    """prepare(problem, threads) returns [(variant, call, samples)]: call() runs that many samples and waits for the result;
    the fastest variant is taken. None or []: this peer does not do that problem."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print must not come between the answers
    answers.write(json.dumps({"program": program, "version": version}) + "\n")
    work = None
    for line in sys.stdin:
        words = line.split()
        if words[0] == "prepare":
            candidates = prepare(Problem(words[1]), int(words[2])) or []
            work = best_of(candidates) if candidates else None
            answers.write(json.dumps({"ready": work is not None, "variant": work[0] if work else ""}) + "\n")
        elif words[0] == "measure" and work:
            answers.write(json.dumps(_time(work[1], work[2], float(words[1]))) + "\n")
        else:
            work = None
            answers.write(json.dumps({"ready": False}) + "\n")
