"""`check` raises no false alarm: default networks of many seeds on healthy tables fail nothing, and value, limit and verdict agree.

  healthy_test.py PROGRAM [SEEDS]      every fourth table with one seed; with SEEDS (the long form: 10) all 20 with that many
"""
import json
import math
import pathlib
import random
import sys
import tempfile

import tables

ROWS = 240
# Target by its inputs: all smooth or separable, with noise, none scaled or skewed beyond what a table may be.
NUMBERS = {
    "line": lambda d: (lambda x: ([x], 2 * x + d.gauss(0, 0.1)))(d.gauss(0, 1)),
    "wave": lambda d: (lambda x: ([x], math.sin(x) + d.gauss(0, 0.1)))(d.uniform(-4, 4)),
    "offset": lambda d: (lambda x: ([x], 1e6 + 50 * x + d.gauss(0, 5)))(d.uniform(0, 10)),
    "plane": lambda d: (lambda x, y: ([x, y], x - 2 * y + d.gauss(0, 0.2)))(d.gauss(0, 1), d.gauss(5, 2)),
    "product": lambda d: (lambda x, y: ([x, y], x * y + d.gauss(0, 0.1)))(d.gauss(0, 1), d.gauss(0, 1)),
    "twins": lambda d: (lambda x: ([x, x + d.gauss(0, 0.1)], x + d.gauss(0, 0.2)))(d.gauss(0, 1)),
    "five": lambda d: (lambda v: (v, sum(v) + v[0] * v[1] + d.gauss(0, 0.3)))([d.gauss(0, 1) for _ in range(5)]),
    "twenty": lambda d: (lambda v: (v, sum(v[:4]) + d.gauss(0, 0.5)))([d.gauss(0, 1) for _ in range(20)]),
    "skewed": lambda d: (lambda x, y: ([x, y], math.log(x) + y + d.gauss(0, 0.1)))(math.exp(d.gauss(0, 1)), d.gauss(0, 1)),
    "price": lambda d: (lambda a, r: ([a, r], (3000 * a + 9000 * r) * math.exp(d.gauss(0, 0.05))))(d.uniform(20, 200), d.randint(1, 8)),
    "heavy": lambda d: (lambda x, y: ([x, y], x + d.gauss(0, 1) / max(0.3, abs(d.gauss(0, 1)))))(d.gauss(0, 1), d.gauss(0, 1)),
    "noise": lambda d: (lambda x, y: ([x, y], d.gauss(0, 1)))(d.gauss(0, 1), d.gauss(0, 1)),
}


def category(draw, count):
    return draw.choice([f"c{i}" for i in range(count)])


CLASSES = {
    "halves": lambda d: (lambda x, y: ([x, y], "up" if x + y + d.gauss(0, 0.3) > 0 else "down"))(d.gauss(0, 1), d.gauss(0, 1)),
    "ring": lambda d: (lambda x, y: ([x, y], "in" if x * x + y * y + d.gauss(0, 0.2) < 1.4 else "out"))(d.gauss(0, 1), d.gauss(0, 1)),
    "rare": lambda d: (lambda x, y: ([x, y], "rare" if x + d.gauss(0, 0.5) > 1.4 else "usual"))(d.gauss(0, 1), d.gauss(0, 1)),
    "three": lambda d: (lambda x, y: ([x, y], str("lmh"[min(2, max(0, round(1 + x + 0.5 * y + d.gauss(0, 0.3))))])))(d.gauss(0, 1), d.gauss(0, 1)),
    "ten": lambda d: (lambda x, y: ([x, y], f"k{int(5 + 2 * x + y + d.gauss(0, 0.3)) % 10}"))(d.gauss(0, 1), d.gauss(0, 1)),
    "words": lambda d: (lambda c, x: ([c, x], "yes" if (c in ("c0", "c3")) != (x + d.gauss(0, 0.4) > 0) else "no"))(category(d, 6), d.gauss(0, 1)),
    "wide": lambda d: (lambda v: (v, "a" if sum(v[:3]) + d.gauss(0, 0.5) > 0 else "b"))([d.gauss(0, 1) for _ in range(30)]),
    "counts": lambda d: (lambda n, x: ([n, x], "many" if n + 2 * x + d.gauss(0, 0.7) > 4 else "few"))(d.randint(0, 8), d.gauss(0, 1)),
}


def write(path, make, seed):
    draw = random.Random(seed)
    rows = [make(draw) for _ in range(ROWS)]
    with open(path, "w") as file:
        file.write(",".join(f"x{i}" for i in range(len(rows[0][0]))) + ",target\n")
        for inputs, target in rows:
            cells = [v if isinstance(v, str) else repr(round(v, 5)) for v in [*inputs, target]]
            file.write(",".join(cells) + "\n")


def agrees(item):
    """A passed value does not lie beyond its limit, any other does. null is a value that is no longer finite."""
    value = math.inf if item["value"] is None else item["value"]
    inside = value >= item["limit"] if item["at_least"] else value <= item["limit"]
    return value == item["limit"] or inside == (item["severity"] == "passed")


def main():
    program, long = pathlib.Path(sys.argv[1]).resolve(), len(sys.argv) > 2
    seeds = range(int(sys.argv[2])) if long else [2]  # the default network starts far off with this seed on tables of few columns
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="chainrule-healthy-") as home:
        for number, (name, make) in enumerate({**NUMBERS, **CLASSES}.items()):
            path = pathlib.Path(home) / f"{name}.csv"
            if number % 4 and not long:
                continue
            write(path, make, number)
            for seed in seeds:
                done = tables.run([program, "check", path, "--target", "target", "--seed", seed, "--threads", 1, "--json"])
                items = json.loads(done.stdout)["checks"] if done.stdout else []
                wrong = [f"{i['id']} {i['severity']} {i['value']} (limit {i['limit']}): {i['detail']}" for i in items
                         if i["severity"] == "failed" or not agrees(i)]
                fine = done.returncode == 0 and items and not wrong
                passed, failed = passed + fine, failed + (not fine)
                if not fine:
                    print(f"FAILED: {name}, seed {seed}: exit {done.returncode} {wrong} {done.stderr}")
    return tables.report("healthy tables", passed, failed)


if __name__ == "__main__":
    sys.exit(main())
