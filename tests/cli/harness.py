"""What the end-to-end tests of the command line share: running the program, counting checks, small tables."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "acceptance"))
import tables  # noqa: E402  (shared with the acceptance tests)

ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("CHAINRULE_") or k == "CHAINRULE_ISA"}


class Suite:
    """Counts checks; a failed one is printed and the rest go on."""

    def __init__(self, binary):
        self.binary = str(pathlib.Path(binary).resolve())
        self.passed = self.failed = 0
        self._folder = tempfile.TemporaryDirectory(prefix="chainrule-cli-")
        self.home = pathlib.Path(self._folder.name)
        tables.classification(self.home / "kinds.csv", rows=300)
        tables.regression(self.home / "prices.csv", rows=300)

    def run(self, *arguments, stdin=subprocess.DEVNULL, env=None, **options):
        words = [word if isinstance(word, bytes) else str(word) for word in arguments]
        return subprocess.run([self.binary, *words], cwd=self.home, stdin=stdin, capture_output=True,
                              env={**ENVIRONMENT, **(env or {})}, timeout=120, **options)

    def check(self, name, condition, detail=""):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {name}: {detail}")

    def train(self, table, target, out, *flags):
        """A small model for other commands to use."""
        done = self.run("train", table, "--target", target, "--out", out, "--hidden", "8", "--epochs", "3", "--threads", "1", *flags)
        self.check(f"train {table}", done.returncode == 0, done.stderr.decode())
        return done

    def is_error(self, name, done, exit_code, code=None, place=None):
        """One error line with its code and place, one hint line, the documented exit code; on stdout nothing, or the error with --json."""
        text = done.stderr.decode(errors="replace")
        lines = text.splitlines()
        shown = f"exit {done.returncode}, stdout {done.stdout[:80]!r}, stderr {text[:400]!r}"
        good = (done.returncode == exit_code and (done.stdout.startswith(b'{"error":{') if "--json" in done.args else done.stdout == b"") and len(lines) == 2
                and re.match(r"error\[E\d{4}\]: \S", lines[0]) and lines[1].startswith("hint: ")
                and (code is None or re.match(rf"error\[({code})\]", lines[0])) and (place is None or place in lines[0]))
        self.check(name, bool(good), shown)

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0
