"""Every call that the program makes on files fails once, or from then on, or is its last: what was there stays whole, what goes on ends alike.

  injection_test.py PROGRAM INJECTOR [--long]

INJECTOR is the library made of injection/fault_injector.cpp. The short form takes each call with one kind of failure, the long one with all.
"""
import errno
import json
import os
import pathlib
import shutil
import subprocess
import sys

import tables

CHANGING = "open write pwrite fsync mkdir rename linkat unlink rmdir ftruncate fchmod fchown".split()
FAILURES = {  # which calls can fail like this
    "ENOSPC": "open write pwrite fsync mkdir rename linkat ftruncate close".split(),
    "EIO": "open opendir stat lstat fstat read pread write pwrite fsync mkdir rmdir rename linkat unlink ftruncate fchmod close".split(),
    "EACCES": "open opendir access stat lstat mkdir rmdir rename linkat unlink fchmod fchown".split(),
    "EMFILE": "open opendir".split(),
    "EINTR": "open read pread write pwrite fsync flock ftruncate close".split(),  # once: for ever means to try for ever
    "ENOLCK": ["flock"]}
MATTERS = "read write fsync mkdir rename linkat".split()  # a run is not a success when one of these has failed
MODEL = "run/model.safetensors"
TRAIN = "train table.csv --target kind --hidden 4 --epochs 2 --threads 1 --batch 16 --early-stop 0 --checkpoint-every 1 --json".split()
RACE = "race table.csv --target kind --seeds 2 --trials 3 --tuning-seeds 1 --optimizers sgd,adam --epochs 1 --hidden 4 --threads 1".split()
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith(("CHAINRULE_", "FAULT_")) or k == "CHAINRULE_ISA"}


class Place:
    """The folder in which everything happens, so that paths and thus files are the same each time."""

    def __init__(self, program, injector, root):
        self.program, self.injector = str(pathlib.Path(program).resolve()), str(pathlib.Path(injector).resolve())
        self.work, self.log, self.kept = root / "work", root / "log", root / "kept"
        self.kept.mkdir()

    def keep(self, name):
        shutil.copytree(self.work, self.kept / name)

    def restore(self, name):
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.kept / name, self.work)

    def run(self, command, **faults):
        plan = {f"FAULT_{name.upper()}": str(value) for name, value in faults.items()}
        preload = {"LD_PRELOAD": self.injector, "FAULT_FOLDER": str(self.work)} if faults else {}
        return subprocess.run([self.program, *command], cwd=self.work, env={**ENVIRONMENT, **preload, **plan}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)

    def calls(self, command):
        """The undisturbed run and the names of its calls, in order."""
        self.log.unlink(missing_ok=True)
        done = self.run(command, log=self.log)
        if done.returncode != 0:
            raise RuntimeError(f"{command}: exit {done.returncode} {done.stderr}")
        return done, [line.split(" ")[0] for line in self.log.read_text(errors="replace").splitlines()]

    def bytes_of(self, file):
        return (self.work / file).read_bytes() if (self.work / file).is_file() else None

    def mode_of(self, file):
        return oct((self.work / file).stat().st_mode)

    def files(self):
        return sorted(str(f.relative_to(self.work)) for f in self.work.rglob("*"))

    def leftovers(self):
        """What may never stay: temporaries, locks, a folder that holds nothing."""
        run = self.work / "run"
        own = [f for f in self.files() if ".tmp-" in f or f.endswith("run.lock")]
        return own + (["an empty folder"] if run.is_dir() and not any(run.iterdir()) else [])


def said(done):
    """The answer, without the number of threads, which depends on what else the machine does."""
    return [line for line in done.stdout.splitlines() if not line.startswith("  runs on ")]


class Case:
    """A command on a kept folder, the file it writes, and how it goes undisturbed."""

    def __init__(self, place, name, start, command, output):
        self.place, self.name, self.start, self.command, self.output = place, name, start, command, output
        place.restore(start)
        self.old, self.old_files = place.bytes_of(output) if output else None, place.files()
        self.old_digest = json.loads(place.run(["inspect", "run", "--json"]).stdout)["digest"] if output == MODEL and self.old else None
        self.mode = place.mode_of(output) if self.old else None
        done, self.calls = place.calls(command)
        self.said, self.new, self.files = said(done), place.bytes_of(output) if output else None, place.files()
        self.digest = json.loads(done.stdout)["digest"] if command[0] == "train" else None
        self.kept = []  # what a failure may leave on purpose
        self.race = command[0] == "race"  # it prints its results, and the time they took, before the picture is written

    def disturbed(self, **faults):
        self.place.restore(self.start)
        return self.place.run(self.command, **faults)

    def unharmed(self, done):
        """None, or what is not as in the undisturbed run."""
        if done.returncode != 0:
            return f"exit {done.returncode}"
        if self.output and self.place.bytes_of(self.output) != self.new:
            return f"another {self.output}"
        if self.mode and self.place.mode_of(self.output) != self.mode:
            return f"another mode of {self.output}"
        if self.digest and json.loads(done.stdout)["digest"] != self.digest:
            return "another digest"
        return "another answer" if not self.digest and not self.race and said(done) != self.said else None

    def whole(self):
        """The output is the old one or the new one."""
        return not self.output or self.place.bytes_of(self.output) in (self.old, self.new)

    def goes_on(self):
        """None, or what is wrong with the folder once the run has been resumed, or the command given again."""
        if self.digest and list(self.place.work.glob("run/checkpoint*")):
            done = self.place.run(["train", "--resume", "run", "--json"])
            if done.returncode != 0:
                return f"resumed: exit {done.returncode} {done.stderr}"
            digest = json.loads(done.stdout)["digest"]
            if digest not in (self.digest, self.old_digest):
                return "resumed: another digest"
            if digest == self.digest:
                return self.clean()
        done = self.place.run(self.command)
        wrong = self.unharmed(done)
        return f"again: {wrong} {done.stderr}" if wrong else self.clean()

    def clean(self):
        may_stay = self.files + self.kept + ["run/checkpoint.previous.safetensors"]
        extra = [f for f in self.place.files() if f not in may_stay]
        return f"left after the next run: {extra}" if extra else None


class Count:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, complaint):
        self.passed, self.failed = self.passed + (not complaint), self.failed + bool(complaint)
        if complaint:
            print(f"FAILED {what}: {complaint}")


def refusal(case, done):
    """None when the command ended with exit 4 and one typed error, or what was wrong."""
    lines = done.stderr.splitlines()
    if done.returncode != 4 or not (case.race or tables.says_nothing_but_its_error(done.stdout)):
        return f"exit {done.returncode}, {len(done.stdout)} bytes on stdout, {done.stderr}"
    errors, hints = [sum(line.startswith(word) for line in lines) for word in ("error[E04", "hint: ")]
    return None if (errors, hints) == (1, 1) else f"{errors} errors with {hints} hints: {done.stderr}"


def try_kill(case, mode, names, n, count):
    what = f"{case.name}: {mode} at {'/'.join(names)} {n}"
    done = case.disturbed(mode=mode, at=n, calls=",".join(names))
    if done.returncode != -9:
        return count.check(what, case.unharmed(done) or "was not killed")
    count.check(what, None if case.whole() else f"{case.output} is neither the old nor the new one")
    if case.output:
        count.check(what, case.goes_on())


def try_failure(case, mode, error, n, count):
    names = FAILURES[error]
    what = f"{case.name}: {error} {mode} at call {n} of {','.join(names)}"
    try:
        done = case.disturbed(mode=mode, at=n, calls=",".join(names), errno=getattr(errno, error))
    except subprocess.TimeoutExpired:
        return count.check(what, "does not end")
    wrong = case.unharmed(done)
    told = "cannot be used (E0424)" in done.stdout  # a checkpoint that the disk does not give: the one before is taken, this one kept
    case.kept = [MODEL.replace("model", name) + ".damaged" for name in ("checkpoint", "checkpoint.previous")] if error == "EIO" else []
    if error != "EINTR" and not wrong and not told and failed_call(case, names, n) in MATTERS:
        wrong = f"{failed_call(case, names, n)} failed, and nobody was told"
    count.check(what, wrong and (refusal(case, done) if error != "EINTR" else f"{wrong} {done.stderr}"))
    count.check(what, None if case.whole() else f"{case.output} is neither the old nor the new one")
    may_stay = "unlink" in names and (mode == "forever" or failed_call(case, names, n) in ("unlink", "rmdir", "stat"))
    left = [] if may_stay else [f for f in case.place.leftovers() if f not in case.old_files]
    count.check(what, left and f"left: {left}")
    if case.output:
        count.check(what, case.goes_on())


def failed_call(case, names, n):
    listed = [name for name in case.calls if name in names]
    return listed[n - 1] if n <= len(listed) else ""


def all_kills(case):
    for n in range(1, sum(name in CHANGING for name in case.calls) + 1):
        yield "kill", CHANGING, n
    for n in range(1, sum(name in ("write", "pwrite") for name in case.calls) + 1):
        yield "kill_half", ["write", "pwrite"], n


def all_failures(case):
    for error, names in FAILURES.items():
        for n in range(1, sum(name in names for name in case.calls) + 1):
            yield "once", error, n
            if error != "EINTR":
                yield "forever", error, n


def some_failures(case):
    """Every call with one kind of failure; each kind has its turn."""
    for i, name in enumerate(case.calls):
        errors = [error for error, names in FAILURES.items() if name in names]
        if not errors:
            continue
        error = errors[i % len(errors)]
        n = sum(before in FAILURES[error] for before in case.calls[:i + 1])
        yield "once" if error == "EINTR" or i % 2 else "forever", error, n


def examine(case, long, count):
    for mode, names, n in all_kills(case) if case.output else ():
        if long or case.name != "resume":
            try_kill(case, mode, names, n, count)
    for mode, error, n in all_failures(case) if long else some_failures(case):
        try_failure(case, mode, error, n, count)
    done = case.disturbed(mode="short", at=1, calls="read,pread,write,pwrite")
    count.check(f"{case.name}: reads and writes in halves", case.unharmed(done))


def prepare(place):
    """Kept folders: with the table alone, with a finished run, with an unfinished one, with a newer one beside a finished one."""
    place.work.mkdir()
    tables.classification(place.work / "table.csv", rows=60)
    place.keep("new")
    train = TRAIN + ["--out", "run"]
    _, calls = place.calls(train)
    place.keep("old")
    writes = calls.count("write")
    place.restore("new")
    place.run(train, mode="kill", at=writes, calls="write")  # the last one is the model's
    place.keep("unfinished")
    place.restore("old")
    place.run(train + ["--seed", "2", "--force"], mode="kill", at=writes, calls="write")
    place.keep("unfinished beside a model")
    for name, files in (("answers", {"answers.csv": "old\n", "page.html": "old\n", "race.svg": "old\n"}),):
        place.restore("old")
        for file, text in files.items():
            (place.work / file).write_text(text)
            (place.work / file).chmod(0o640)
        place.keep(name)


def cases(place, long):
    train = TRAIN + ["--out", "run"]
    yield Case(place, "new run", "new", train, MODEL)
    yield Case(place, "run over an old one", "old", train + ["--seed", "2", "--force"], MODEL)
    yield Case(place, "resume", "unfinished", ["train", "--resume", "run", "--json"], MODEL)
    if long:
        yield Case(place, "resume beside a model", "unfinished beside a model", ["train", "--resume", "run", "--json"], MODEL)
    writing = {"predict": (["predict", "run", "table.csv", "--threads", "1", "-o"], "answers.csv"),
               "explain": (["explain", "run", "table.csv", "--row", "0", "--format", "html", "-o"], "page.html"),
               "race": (RACE + ["--svg"], "race.svg")}
    for name, (command, file) in writing.items():
        for start in ("old", "answers") if long else ("answers",):
            yield Case(place, f"{name} on {start}", start, command + [file], file)
    for command in ("inspect run", "evaluate run table.csv --threads 1", "describe table.csv"):
        yield Case(place, command.split()[0], "old", command.split(), None)


def main():
    program, injector, long = sys.argv[1], sys.argv[2], "--long" in sys.argv
    count = Count()
    with tables.quick_folder() as root:
        place = Place(program, injector, pathlib.Path(root).resolve())
        prepare(place)
        for case in cases(place, long):
            before = count.passed + count.failed
            examine(case, long, count)
            print(f"{case.name}: {len(case.calls)} calls, {count.passed + count.failed - before} checks", flush=True)
    return tables.report("fault injection", count.passed, count.failed)


if __name__ == "__main__":
    sys.exit(main())
