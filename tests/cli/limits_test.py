#!/usr/bin/env python3
"""Tables of unusual shape: many classes, many columns, work that takes long. Usage: limits_test.py PATH/TO/chainrule"""
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

from harness import ENVIRONMENT, Suite


def peak_megabytes(suite, *arguments):
    """The command's stdout, stderr, exit code and largest resident set: wait4 tells that of one child."""
    with open(suite.home / "stdout", "w+b") as out, open(suite.home / "stderr", "w+b") as err:
        child = subprocess.Popen([suite.binary, *map(str, arguments)], cwd=suite.home, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 env=ENVIRONMENT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        return ((suite.home / "stdout").read_bytes(), (suite.home / "stderr").read_text(errors="replace"), child.returncode,
                usage.ru_maxrss / 1024)


def classes_table(path, classes, rows):
    path.write_text("x,y\n" + "".join(f"{row % 97},k{row % classes}\n" for row in range(rows)))


def many_classes(suite):
    classes_table(suite.home / "many.csv", 1500, 3000)
    out, err, code, peak = peak_megabytes(suite, "train", "many.csv", "--target", "y", "--out", "many", "--hidden", "4", "--epochs", "1",
                                          "--threads", "1", "--json")
    suite.check("many classes train", code == 0, err)
    sets = json.loads(out)
    for name in ("train", "validation"):
        cells, rows = sets[name].get("confusion_counts", []), sets[name]["rows"]
        suite.check(f"{name}: the pairs that occur, each row in one", "confusion" not in sets[name] and sum(c[2] for c in cells) == rows
                    and 0 < len(cells) <= rows and cells == sorted(cells), f"{len(cells)} cells, {rows} rows")
        right = sum(c[2] for c in cells if c[0] == c[1])
        suite.check(f"{name}: the diagonal is the accuracy", abs(right / rows - sets[name]["accuracy"]) < 1e-12, right)
    suite.check("many classes need no matrix", peak < 200, f"{peak:.0f} MB")
    told = suite.run("evaluate", "many", "many.csv").stdout.decode()
    suite.check("the most confused pairs are shown", "Most frequent mistakes" in told and "confusion_counts" in told, told)


def few_classes(suite):
    classes_table(suite.home / "few.csv", 200, 800)
    done = suite.train("few.csv", "y", "few", "--json")
    train = json.loads(done.stdout)["train"]
    suite.check("200 classes are a matrix", [len(r) for r in train.get("confusion", [])] == [200] * 200 and "confusion_counts" not in train)


def identifiers(suite):
    classes_table(suite.home / "names.csv", 400, 500)
    done = suite.run("train", "names.csv", "--target", "y", "--out", "names")
    suite.is_error("about as many classes as rows", done, 3, "E0346", "names.csv, column \"y\"")
    suite.check("its hint names the ways out", all(word in done.stderr.decode() for word in ("--drop", "--task classification")))
    suite.train("names.csv", "y", "names", "--task", "classification")


def wide_table(path, columns, cell):
    lines = [",".join(f"c{i}" for i in range(columns))] + [",".join(cell(i + row) for i in range(columns)) for row in range(3)]
    path.write_text("\n".join(lines) + "\n")


def many_columns(suite):
    """Below 1 kB a column beyond the file, by the difference of two widths, so that what every run needs does not count."""
    narrow, wide = 20000, 120000
    kinds = {"numbers": lambda i: str(i * 7 % 1000), "texts": lambda i: ("red", "green", "blue", "a")[i * 7 % 4], "fractions": lambda i: f"{i}.5"}
    for kind, cell in kinds.items():
        for flags in ([], ["--json"]):
            peaks, sizes = [], []
            for columns in (narrow, wide):
                path = suite.home / f"{kind}.csv"
                wide_table(path, columns, cell)
                out, err, code, peak = peak_megabytes(suite, "describe", path.name, *flags)
                suite.check(f"describe {columns} columns", code == 0, err)
                peaks.append(peak * 2**20)
                sizes.append(path.stat().st_size)
            each = (peaks[1] - peaks[0] - (sizes[1] - sizes[0])) / (wide - narrow)
            suite.check(f"memory of a column of {kind} {flags}", each < 1000, f"{each:.0f} bytes")
            if flags:
                told = json.loads(out)
                suite.check(f"a header of {wide} names", told["rows"] == 3 and told["columns"][7]["name"] == "c7", told["notes"])


def under_terminal(suite, arguments, until, seconds):
    """Runs the command with a terminal as stderr until it has written `until`, then presses Ctrl-C: what it wrote, its exit code and
    how long it took to end."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen([suite.binary, *map(str, arguments)], cwd=suite.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=theirs, env=ENVIRONMENT)
    os.close(theirs)
    told, end = b"", time.monotonic() + seconds
    while until not in told and time.monotonic() < end and select.select([ours], [], [], max(0, end - time.monotonic()))[0]:
        told += os.read(ours, 4096)
    pressed = time.monotonic()
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)
    os.close(ours)
    return told.decode(), child.returncode, time.monotonic() - pressed


def slow_work(suite):
    """`--top` of everything runs the network once for each weight, which takes minutes."""
    suite.train("kinds.csv", "kind", "slow", "--hidden", "256,256")
    slow = ["explain", "slow", "kinds.csv", "--top", "100000"]
    told, code, left = under_terminal(suite, slow, b"so far", 60)
    suite.check("silent work says that it goes on", "chainrule explain: 2 s so far; Ctrl-C ends it" in told, repr(told))
    suite.check("Ctrl-C ends it at once", code == -signal.SIGINT and left < 5, f"exit {code} after {left:.1f} s")
    child = subprocess.Popen([suite.binary, *slow], cwd=suite.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=ENVIRONMENT)
    time.sleep(4)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    suite.check("nothing of it goes into a pipe", out == b"" and err == b"" and child.returncode == -signal.SIGINT, err)


def main():
    suite = Suite(sys.argv[1])
    for part in (many_classes, few_classes, identifiers, many_columns, slow_work):
        part(suite)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
