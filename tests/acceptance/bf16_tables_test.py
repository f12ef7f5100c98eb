"""On real tables of $CHAINRULE_TABLES bf16 products learn as well as fp32 ones, and give the same model for 1 and 2 threads.

  bf16_tables_test.py PROGRAM      exit 77 means skipped
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import tables

SEEDS = (0, 1, 2)
# Table: measure, epochs, and by how much the two means over the seeds may differ. The bits are the same on every machine, so this cannot
# flicker: one seed's pair differs by up to 0.0025 here, the means by 0.0004, and seeds among themselves by up to 0.02.
TABLES = {"satimage": ("accuracy", 10, 0.005), "kin8nm": ("r2", 15, 0.005)}


class Run:
    """One training run, as the table's task says."""

    def __init__(self, program, task, folder, *flags):
        command = [program, "train", folder / "train.csv", "--target", task["target"], "--test", folder / "test.csv", "--task", task["task"],
                   "--out", folder / "run", "--force", "--json", *flags, *task.get("flags", [])]
        command += [] if task["header"] else ["--no-header"]
        command += ["--drop", ",".join(task["drop"])] if task.get("drop") else []
        done = tables.run(command)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stderr}")
        result = json.loads(done.stdout)
        self.digest, self.test = result["digest"], result["test"]


class Comparison:
    def __init__(self, program, home):
        self.program, self.home = program, home
        self.passed = self.failed = 0

    def expect(self, what, truth):
        self.passed, self.failed = self.passed + bool(truth), self.failed + (not truth)
        if not truth:
            print(f"FAILED: {what}")

    def table(self, name, task, folder):
        measure, epochs, tolerance = TABLES[name]
        subprocess.run([sys.executable, self.home / "score.py", "--write", name, "0", folder], check=True)
        scores = {"fp32": [], "bf16": []}
        for seed in SEEDS:
            digests = {}
            for precision, threads in (("fp32", 1), ("fp32", 2), ("bf16", 1), ("bf16", 2)):
                run = Run(self.program, task, folder, "--seed", seed, "--epochs", epochs, "--precision", precision, "--threads", threads)
                digests[precision, threads] = run.digest
                if threads == 1:
                    scores[precision].append(run.test[measure])
            for precision in scores:
                self.expect(f"{name}, seed {seed}, {precision}: 2 threads give the model of 1", digests[precision, 1] == digests[precision, 2])
            self.expect(f"{name}, seed {seed}: bf16 is not fp32", digests["fp32", 1] != digests["bf16", 1])
        means = {precision: statistics.mean(of) for precision, of in scores.items()}
        shown = "; ".join(f"{precision} {means[precision]:.4f} ({', '.join(f'{s:.4f}' for s in of)})" for precision, of in scores.items())
        print(f"{name}, {measure} after {epochs} epochs: {shown}; may differ by {tolerance}")
        self.expect(f"{name}: {measure} of bf16 is that of fp32", abs(means["fp32"] - means["bf16"]) <= tolerance)


def main():
    home = os.environ.get("CHAINRULE_TABLES")
    if not home:
        print("skipped: CHAINRULE_TABLES is not set")
        return 77
    home = pathlib.Path(home).resolve()
    tasks = json.loads((home / "tasks.json").read_text())
    test = Comparison(pathlib.Path(sys.argv[1]).resolve(), home)
    for name in TABLES:
        with tempfile.TemporaryDirectory() as folder:
            test.table(name, tasks[name], pathlib.Path(folder))
    return tables.report("bf16 on real tables", test.passed, test.failed)


if __name__ == "__main__":
    sys.exit(main())
