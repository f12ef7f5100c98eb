"""A disk that fills up in the middle of a run: exit 4, one error, and what was there before still loads.

  disk_full_test.py PROGRAM

The full disk is a limit on file size (RLIMIT_FSIZE: writes fail with EFBIG), so no rights are needed.
"""
import json
import pathlib
import resource
import signal
import sys
import tempfile

import tables


def limited(bytes_allowed):
    def prepare():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # the program has to ignore it by itself
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_allowed, bytes_allowed))
    return prepare


def main():
    program = sys.argv[1]
    passed = failed = 0

    def expect(what, truth, detail=""):
        nonlocal passed, failed
        passed, failed = passed + bool(truth), failed + (not truth)
        if not truth:
            print(f"FAILED: {what} {detail}")

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        tables.classification(folder / "table.csv")
        run = folder / "run"
        train = [program, "train", folder / "table.csv", "--target", "kind", "--epochs", "3", "--seed", "1", "--out", run, "--json"]
        digest = tables.train_digest(train)
        size = max(f.stat().st_size for f in run.glob("*.safetensors"))
        for allowed in (0, 1, 100, size // 2, size - 1):
            done = tables.run(train + ["--seed", "2", "--force"], preexec_fn=limited(allowed))
            expect(f"exit 4 with {allowed} bytes", done.returncode == 4, f"exit {done.returncode} {done.stderr}")
            expect("one error with a hint", done.stderr.count("error[E04") == 1 and "hint:" in done.stderr, done.stderr)
            expect("nothing else on stdout", tables.says_nothing_but_its_error(done.stdout), done.stdout)
            left = [f.name for f in run.iterdir() if "tmp" in f.name]
            expect("no temporary file left", not left, left)
            shown = tables.run([program, "inspect", run, "--json"])
            expect("the old model still loads", shown.returncode == 0 and json.loads(shown.stdout)["digest"] == digest, shown.stderr)
    return tables.report("disk full", passed, failed)


if __name__ == "__main__":
    sys.exit(main())
