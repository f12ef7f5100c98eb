#!/usr/bin/env python3
"""Input that never ends, never comes or changes while it is read: a typed error at once, in little memory.   inputs_test.py BINARY"""
import gzip
import os
import resource
import signal
import subprocess
import sys
import threading
import time

from harness import ENVIRONMENT, Suite

MEMORY = 3 << 30
FEW = ["--target", "kind", "--hidden", "4", "--epochs", "1", "--threads", "1"]


def little_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def devices(suite):
    """Every argument that names a file, given a device without an end."""
    train = ["train", "kinds.csv", *FEW, "--out", "unused"]
    cases = {
        "describe DATA": (["describe", "DEVICE"], 3, "E0304"),
        "train DATA": (["train", "DEVICE", *FEW], 3, "E0304"),
        "predict DATA": (["predict", "m", "DEVICE"], 3, "E0304"),
        "evaluate DATA": (["evaluate", "m", "DEVICE"], 3, "E0304"),
        "predict MODEL": (["predict", "DEVICE", "kinds.csv"], 4, "E0402"),
        "inspect MODEL": (["inspect", "DEVICE"], 4, "E0402"),
        "--config": ([*train, "--config", "DEVICE"], 2, "E0104"),
        "--spec": (["train", "kinds.csv", "--target", "kind", "--spec", "DEVICE"], 2, "E0220"),
        "--class-weights": ([*train, "--class-weights", "DEVICE"], 3, "E0327"),
        "--validation": ([*train, "--validation", "DEVICE"], 3, "E0304"),
        "--test": ([*train, "--test", "DEVICE"], 3, "E0304"),
        "learn --data": (["learn", "L1", "--data", "DEVICE", "--target", "kind"], 3, "E0304"),
        "learn --spec": (["learn", "L1", "--spec", "DEVICE"], 2, "E0220"),
    }
    for device in ("/dev/zero", "/dev/full"):
        for name, (words, exit_code, code) in cases.items():
            begin = time.monotonic()
            done = suite.run(*[word.replace("DEVICE", device) for word in words], preexec_fn=little_memory)
            suite.is_error(f"{device} as {name}", done, exit_code, code, device)
            suite.check(f"{device} as {name} is quick", time.monotonic() - begin < 10, time.monotonic() - begin)
    for command in (["describe", "/dev/urandom"], ["predict", "m", "/dev/urandom"]):
        suite.is_error(f"noise as DATA: {command[0]}", suite.run(*command, preexec_fn=little_memory), 3, "E03..", "/dev/urandom")


def endless_text(suite):
    """`yes |` is a table without an end: bounded, and told."""
    for word in ("y", "a" * 5000):
        yes = subprocess.Popen(["yes", word], stdout=subprocess.PIPE)
        done = suite.run("train", "-", "--target", "0", stdin=yes.stdout, preexec_fn=little_memory)
        yes.stdout.close()
        yes.wait()
        suite.is_error(f"yes {word[:3]} | train -", done, 3, "E0343", "stdin")


def bombs(suite):
    zeros = gzip.compress(bytes(64 << 20), 1)
    (suite.home / "zeros.gz").write_bytes(zeros * 90)  # 6 GB
    for command in (["describe", "zeros.gz"], ["predict", "m", "zeros.gz"]):
        begin = time.monotonic()
        suite.is_error(f"a bomb of zeros: {command[0]}", suite.run(*command, preexec_fn=little_memory), 3, "E0304", "zeros.gz")
        suite.check(f"a bomb of zeros is noticed at once: {command[0]}", time.monotonic() - begin < 5, time.monotonic() - begin)
    lines = gzip.compress(b"1,2,3\n" * 1_000_000, 6)
    (suite.home / "lines.gz").write_bytes(lines * 1000)  # 6 GB of good lines in about 25 MB
    done = suite.run("describe", "lines.gz", preexec_fn=little_memory)
    suite.is_error("a table that memory does not hold", done, 3, "E0343", "lines.gz")


def out_of_memory(suite):
    """Memory that runs out while reading names the file, not the network."""
    with open(suite.home / "large.csv", "w") as file:
        file.write("a,b,y\n" + "1,2,3\n" * 8_000_000)
    done = suite.run("describe", "large.csv",
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (150 << 20, 150 << 20)))
    suite.is_error("memory that runs out while reading", done, 4, "E0490", "large.csv")
    suite.check("its hint is about the table", b"--drop" in done.stderr and b"--batch" not in done.stderr, done.stderr)


def pipe_without_writer(suite):
    """Commands without a run to save end at the first signal."""
    os.mkfifo(suite.home / "pipe")
    for command in (["describe", "pipe"], ["predict", "m", "pipe"], ["predict", "pipe", "kinds.csv"]):
        running = subprocess.Popen([suite.binary, *command], cwd=suite.home, env=ENVIRONMENT, stderr=subprocess.PIPE)
        time.sleep(0.3)
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(timeout=5)
            suite.check(f"{command} ends at once", True)
        except subprocess.TimeoutExpired:
            running.kill()
            suite.check(f"{command} ends at once", False, "still there after 5 s")
    os.unlink(suite.home / "pipe")


def changed_while_predicted(suite):
    """The answers go to a pipe that is read slowly, so that the table is cut when about a tenth of it is answered."""
    with open(suite.home / "kinds.csv") as file:
        head, *rows = file.read().splitlines()
    table = suite.home / "long.csv"
    for change, name in ((lambda: os.truncate(table, 9_000_003), "cut"), (lambda: table.open("a").write(rows[0] + "\n"), "grown")):
        table.write_text(head + "\n" + "\n".join(rows * (12_000_000 // len("\n".join(rows)) + 1)) + "\n")
        running = subprocess.Popen([suite.binary, "predict", "m", table], cwd=suite.home, env=ENVIRONMENT, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        running.stdout.read(1000)
        change()
        threading.Thread(target=running.stdout.read).start()
        errors = running.stderr.read().decode()
        suite.check(f"a table {name} while it is predicted", running.wait() == 3 and "error[E0341]" in errors and "long.csv" in errors,
                    f"exit {running.returncode}: {errors[:300]}")


def main():
    suite = Suite(sys.argv[1])
    suite.train("kinds.csv", "kind", "m")
    for part in (devices, endless_text, bombs, out_of_memory, pipe_without_writer, changed_while_predicted):
        part(suite)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
