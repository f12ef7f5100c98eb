#!/usr/bin/env python3
"""A system that gives few threads or none: every command works on, says so once, and gives the same answers.   threads_test.py BINARY"""
import os
import resource
import shutil
import sys
import tempfile
import time

from harness import Suite

NOBODY = 65534
LIMITS = [1, 3]


def limited(processes):
    """For Popen's preexec_fn: an ordinary user (limits do not hold for root) who may have so many processes and threads."""
    def become():
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    return become


def large_table(path):
    with open(path, "w") as out:
        out.write("a,b,c,d,y\n")
        for i in range(150_000):
            out.write(f"{i % 977},{i % 89}.5,{i % 13},{i % 7},{i % 3 * 2 + i % 977 * 0.01:.2f}\n")


def answers(done):
    """stdout without what depends on time or the number of threads."""
    keep = [line for line in done.stdout.decode(errors="replace").splitlines() if "digest" in line or "," in line and " " not in line]
    return "\n".join(keep)


def main(binary):
    suite = Suite(binary)
    program = suite.home / "chainrule"
    shutil.copy(suite.binary, program)
    suite.binary = str(program)
    suite.home.chmod(0o777)
    large_table(suite.home / "large.csv")
    suite.train("kinds.csv", "kind", "model")
    suite.run("train", "large.csv", "--target", "y", "--out", "big", "--hidden", "64", "--epochs", "1", "--threads", "6", "--batch", "512")
    (suite.home / "net.toml").write_bytes(suite.run("inspect", "big", "--toml").stdout)
    commands = {
        "describe": ["describe", "large.csv"],
        "train": ["train", "large.csv", "--target", "y", "--hidden", "64", "--epochs", "1", "--threads", "6", "--batch", "512"],
        "predict": ["predict", "big", "large.csv", "--threads", "6"],
        "evaluate": ["evaluate", "big", "large.csv", "--threads", "6"],
        "inspect": ["inspect", "big"],
        "explain": ["explain", "model", "kinds.csv", "--row", "1"],
        "check": ["check", "kinds.csv", "--target", "kind", "--threads", "6"],
        "race": ["race", "--surface", "beale", "--threads", "6"],
        "dropout": ["dropout", "kinds.csv", "--target", "kind", "--threads", "6", "--seeds", "2", "--epochs", "1", "--kinds", "inverted", "--rates", "0.2"],
        "learn": ["learn", "L24"],
        "bench": ["bench", "--spec", "net.toml", "--batch", "256", "--seconds", "0.05", "--threads", "6"],
    }
    for name, words in commands.items():
        def run(**options):
            if name == "train":
                out = tempfile.mkdtemp(dir=suite.home)
                os.chmod(out, 0o777)
                return suite.run(*words, "--out", out, **options)
            return suite.run(*words, **options)
        began = time.monotonic()
        whole = run()
        suite.check(f"{name} without limits", whole.returncode in (0, 1), whole.stderr.decode()[-300:])
        for limit in LIMITS:
            few = run(preexec_fn=limited(limit))
            said = few.stderr.decode(errors="replace")
            label = f"{name} with {limit} processes"
            suite.check(label, few.returncode == whole.returncode, f"{few.returncode}: {said[-300:]}")
            suite.check(label + ": the same answers", answers(few) == answers(whole), answers(few)[:200])
            suite.check(label + ": said at most once", said.count("threads could be started: ") <= 1, said)
            if name in ("train", "evaluate", "dropout", "bench") or name == "check" and limit == 1:
                suite.check(label + ": said", "threads could be started: " in said, said[-300:])
        if "-v" in sys.argv: print(f"{name}: {time.monotonic() - began:.1f} s")
    return suite.finish()


if __name__ == "__main__":
    if os.getuid() != 0:
        print("skipped: needs root, to become another user with limits")
        sys.exit(77)
    sys.exit(main(sys.argv[1]))
