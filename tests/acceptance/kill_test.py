"""A run killed with SIGKILL at random moments and resumed ends with the digest of the uninterrupted run.

  kill_test.py PROGRAM [TIMES]
"""
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import tables

FLAGS = ["--epochs", "40", "--batch", "16", "--hidden", "48,48", "--dropout", "0.2", "--optimizer", "adam", "--seed", "3", "--early-stop", "0",
         "--ema", "0.999", "--checkpoint-every", "1", "--json"]


def killed_after(command, seconds):
    """True when the command was still running and was killed."""
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def main():
    program, times = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 21
    draw = random.Random(7)
    passed = failed = killed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for kind, target, flags in (("classification", "kind", []), ("regression", "price", []), ("classification", "kind", ["--precision", "bf16"])):
            data = folder / f"{kind}.csv"
            getattr(tables, kind)(data, rows=1500)
            train = [program, "train", data, "--target", target] + FLAGS + flags
            begin = time.time()
            want = tables.train_digest(train + ["--out", folder / f"whole-{kind}{len(flags)}"])
            whole = time.time() - begin
            for attempt in range(times // 3):
                run = folder / f"{kind}{len(flags)}{attempt}"
                command = train + ["--out", run, "--force"]
                while killed_after(command, draw.uniform(0.02, whole)):
                    killed += 1
                    started = any(run.glob("checkpoint*.safetensors")) if run.exists() else False
                    command = [program, "train", "--resume", run, "--json"] if started else train + ["--out", run, "--force"]
                    if draw.random() < 0.3:
                        break  # go on to the end undisturbed
                done = tables.run(command)
                got = json.loads(done.stdout)["digest"] if done.returncode == 0 else f"exit {done.returncode}: {done.stderr}"
                passed, failed = passed + (got == want), failed + (got != want)
                if got != want:
                    print(f"{run.name}: {got} instead of {want}")
    print(f"killed {killed} times")
    return tables.report("kill and resume", passed, failed)


if __name__ == "__main__":
    sys.exit(main())
