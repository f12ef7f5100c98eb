"""Every table of $CHAINRULE_TABLES trains without an error; skipped, and said so, when the variable is unset.

  real_tables_test.py PROGRAM      exit 77 means skipped
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import tables


def main():
    home = os.environ.get("CHAINRULE_TABLES")
    if not home:
        print("skipped: CHAINRULE_TABLES is not set")
        return 77
    home = pathlib.Path(home)
    passed = failed = 0
    for name, task in json.loads((home / "tasks.json").read_text()).items():
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            subprocess.run([sys.executable, home / "score.py", "--write", name, "0", folder], check=True)
            command = [sys.argv[1], "train", folder / "train.csv", "--target", task["target"], "--test", folder / "test.csv", "--task", task["task"],
                       "--epochs", "2", "--seed", "0", "--out", folder / "run", "--force", "--json"]
            command += [] if task["header"] else ["--no-header"]
            command += ["--drop", ",".join(task["drop"])] if task.get("drop") else []
            done = tables.run(command + task.get("flags", []))
            good = done.returncode == 0 and json.loads(done.stdout)["test"]["rows"] > 0
            passed, failed = passed + good, failed + (not good)
            if not good:
                print(f"{name}: exit {done.returncode} {done.stderr}")
    return tables.report("real tables", passed, failed)


if __name__ == "__main__":
    sys.exit(main())
