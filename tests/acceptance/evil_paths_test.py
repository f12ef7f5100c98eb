"""Every flag and argument that names a file or folder, times paths that cannot be meant: one typed error, nothing left, nothing changed.

  evil_paths_test.py PROGRAM [--long]

What takes a path is asked of the program (`help --json`), so that a new flag is tried by itself; a new command needs a line in BASES.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import tables

TARGET = ["--target", "kind"]
QUICK = ["--hidden", "4", "--epochs", "1", "--threads", "1"]
MANY = ["--seeds", "2", "--epochs", "1", "--hidden", "4", "--threads", "1"]
RACE = ["--trials", "3", "--tuning-seeds", "1", "--optimizers", "sgd,adam"]
BASES = {  # a command line that works: to try the arguments, and to try the flags where that is another one
    "describe": (["table.csv"],), "inspect": (["model"],), "evaluate": (["model", "table.csv"],), "predict": (["model", "table.csv"],),
    "train": (["table.csv", *TARGET, *QUICK, "--out", "new"],),
    "check": (["model", "table.csv"], ["table.csv", *TARGET, *QUICK]),
    "explain": (["model", "table.csv", "--row", "0"],),
    "learn": (["L37", *TARGET],),
    "race": (["table.csv", *TARGET, *MANY, *RACE],),
    "dropout": (["table.csv", *TARGET, *MANY, "--kinds", "inverted", "--rates", "0.1"],),
    "bench": (["--seconds", "0.001", "--threads", "1"],), "version": ([],), "help": ([],), "completions": (["bash"],)}
ALONE = {("train", "resume"): []}  # flags that stand without the rest of the line
CONTENT = {"config": "batch = 16\n", "class-weights": "low,1\nmiddle,2\nhigh,1\n"}  # others hold the table
ODD = {"not UTF-8": b"odd\xff\xfe", "control characters": b"odd\x1b[31m\r\n\x9b", "a dash in front": b"-odd", "a flag's name": b"--json"}
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("CHAINRULE_") or k == "CHAINRULE_ISA"}
USER = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}  # root may do everything


class Place:
    """One argument or flag of a command."""

    def __init__(self, command, name, use, index=None, flag=None):
        self.command, self.name, self.use, self.index, self.flag = command, name, use, index, flag or {}

    def words(self, value):
        base = list(BASES[self.command][-1 if self.index is None else 0])
        if self.index is not None:
            base[self.index] = value
            return [self.command, *base]
        return [self.command, *self.without(base), b"--" + self.name.encode() + b"=" + value]

    def without(self, base):
        base = list(ALONE.get((self.command, self.name), base))
        if "--" + self.name in base:
            at = base.index("--" + self.name)
            del base[at:at + 2]
        return base

    def title(self):
        return f"{self.command} {'' if self.index is not None else '--'}{self.name}"


class Home:
    """A folder with what the commands need and what they stumble over."""

    def __init__(self, program, root):
        self.program, self.folder = root / "program", root / "home"
        shutil.copy(program, self.program)
        root.chmod(0o755)
        self.folder.mkdir()
        tables.classification(self.folder / "table.csv", rows=60)
        if USER:
            os.chown(self.folder, USER["user"], USER["group"])
        done = self.run(["train", "table.csv", *TARGET, *QUICK, "--out", "model"])
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        CONTENT["spec"] = self.run(["inspect", "model", "--toml"]).stdout.decode()
        self.make_traps()

    def make_traps(self):
        at = self.folder
        os.symlink("loop", at / "loop")
        os.symlink("there", at / "dangling")
        os.mkfifo(at / "pipe", 0o666)
        for folder in ("folder", "closed"):
            (at / folder).mkdir()
        (at / "closed/file").write_text("a,b\n1,2\n")
        for file in ("plain.csv", "secret.csv"):
            (at / file).write_text("a,b\n1,2\n")
        for path in ("pipe", "folder", "closed", "plain.csv", "secret.csv"):
            if USER:
                os.chown(at / path, USER["user"], USER["group"])
        (at / "closed").chmod(0)
        (at / "secret.csv").chmod(0)
        self.kept = self.state()

    def state(self):
        """Names, sizes, modes and times of all files; folders without times."""
        state = {}
        for folder, folders, files in os.walk(os.fsencode(self.folder)):
            for name in folders + files:
                info = os.lstat(os.path.join(folder, name))
                regular = name in files
                state[os.path.join(folder, name)] = (info.st_mode, info.st_size if regular else 0, info.st_mtime_ns if regular else 0)
        return state

    def start(self, words, env=None):
        return subprocess.Popen([self.program, *words], cwd=self.folder, env={**ENVIRONMENT, **(env or {})}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, umask=0o022, **USER)

    def run(self, words, env=None):
        with self.start(words, env) as child:
            try:
                out, err = child.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                child.kill()
                out, err = child.communicate()
                err += b"\nDOES NOT END"
        return subprocess.CompletedProcess(words, child.returncode, out, err)

    def put_back(self):
        """What differs from the beginning; new files are removed."""
        now = self.state()
        changed = [path for path in self.kept if now.get(path) != self.kept[path]]
        new = [path for path in now if path not in self.kept]
        for path in sorted(new, reverse=True):
            os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
        return changed, new


class Trial:
    def __init__(self, home):
        self.home, self.passed, self.failed = home, 0, 0

    def check(self, what, complaint):
        self.passed, self.failed = self.passed + (not complaint), self.failed + bool(complaint)
        if complaint:
            print(f"FAILED {what}: {complaint}")

    def judge(self, what, done, may_work=False, may_print=False):
        changed, new = self.home.put_back()
        text = done.stderr.decode(errors="replace")
        if changed:
            return self.check(what, f"changed {changed}")
        if "\x1b" in text or "\x9b" in text:
            return self.check(what, f"control characters on stderr: {text!r}")
        if done.returncode == 0 or (may_work and done.returncode == 1 and not text):  # a check that found something
            return self.check(what, None if may_work else f"exit 0, new: {new}, {text}")
        lines = text.splitlines()
        errors, hints = sum(bool(re.match(r"error\[E\d{4}\]: \S", line)) for line in lines), sum(line.startswith("hint: ") for line in lines)
        good = done.returncode in (2, 3, 4) and (errors, hints) == (1, 1) and not new and (may_print or tables.says_nothing_but_its_error(done.stdout))
        self.check(what, None if good else f"exit {done.returncode}, {errors} errors, {hints} hints, new: {new}, stdout {done.stdout[:80]!r}, stderr {text[:600]!r}")


def places(home):
    """Asked of the program."""
    listing = json.loads(home.run(["help", "--json"]).stdout)
    for command in listing["commands"]:
        for index, argument in enumerate(command["arguments"]):
            if argument["path"]:
                yield Place(command["name"], argument["name"], argument["path"], index)
        for flag in command["flags"]:
            if flag["path"]:
                yield Place(command["name"], flag["name"], flag["path"], None, flag)


def refused_values(place):
    """Name and path of what no command can read, write or work in."""
    yield "a name of 300 characters", b"x" * 300
    yield "a path of 6000 characters", b"d/" * 3000 + b"f"
    yield "a loop of links", b"loop"
    yield "a path through a loop", b"loop/file"
    yield "a path through a file", b"table.csv/file"
    yield "a file in a closed folder", b"closed/file"
    yield "nothing", b""
    yield "a device that is always full", b"/dev/full"
    if place.use == "folder":
        yield "a file", b"plain.csv"
        yield "a closed folder", b"closed"
        return
    yield "a folder", b"folder"
    yield "a file without rights", b"secret.csv"
    yield "a missing folder", b"no/such/file"
    yield "a file as a folder", b"plain.csv/"
    if place.use == "reads":
        yield "a missing file", b"missing.csv"
        yield "a dangling link", b"dangling"
        for name, path in ODD.items():
            yield "a missing name with " + name, path


def odd_values(place):
    """Names that work, though nobody would choose them; those of files to be read are made."""
    for name, path in ODD.items():
        if place.index is None or not path.startswith(b"-"):
            yield name, path
    if place.use == "folder":
        yield "folders to be made", b"a/b/c"


def try_odd(trial, place, name, path):
    home = trial.home
    file = os.path.join(os.fsencode(home.folder), path)
    if place.use == "reads":
        source = home.folder / "model/model.safetensors" if place.name == "MODEL" else home.folder / "table.csv"
        content = CONTENT.get(place.name, None)
        with open(file, "wb") as out:
            out.write(content.encode() if content else source.read_bytes())
    before = home.kept
    home.kept = home.state()
    done = home.run(place.words(path))
    if done.returncode == 0 and place.use == "writes":
        trial.check(f"{place.title()} of {name} is written", None if os.path.exists(file) else "not there")
    trial.judge(f"{place.title()} of {name}", done, may_work=True)
    home.kept = before
    home.put_back()


def try_pipe(trial, place):
    """Waiting for the other end is right; a signal ends it."""
    with trial.home.start(place.words(b"pipe")) as child:
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        try:
            out, err = child.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            err += b"\nDOES NOT END"
    done = subprocess.CompletedProcess([], child.returncode, out, err)
    if done.returncode in (130, -signal.SIGINT):
        changed, new = trial.home.put_back()
        return trial.check(f"{place.title()} of a pipe", (changed or new) and f"left: {changed} {new}")
    trial.judge(f"{place.title()} of a pipe", done)


def try_elsewhere(trial, place, name, path):
    """The same path from the environment and from a config file."""
    words = [place.command, *place.without(BASES[place.command][-1])]
    may_work = not path  # an empty variable is none
    if place.flag.get("environment"):
        variable = "CHAINRULE_" + place.name.upper().replace("-", "_")
        trial.judge(f"{variable} of {name} for {place.command}", trial.home.run(words, {variable: path}), may_work)
    if place.flag.get("setting") and "config" in CONFIGURED.get(place.command, ()):
        config = trial.home.folder.parent / "config.toml"
        config.write_text(f"{place.name} = {json.dumps(path.decode())}\n")
        trial.judge(f"{place.name} of {name} in a config file for {place.command}", trial.home.run([*words, "--config", str(config)]), may_work)


def try_input_as_output(trial, place):
    for file in (b"table.csv", b"folder/../table.csv", b"model/model.safetensors", b"model/checkpoint.safetensors"):
        if file.startswith(b"model") and "model" not in BASES[place.command][0]:
            continue
        trial.judge(f"{place.title()} of its own input {file.decode()}", trial.home.run(place.words(file)))


CONFIGURED = {}


def examine(trial, place, long, turn):
    for name, path in refused_values(place):
        trial.judge(f"{place.title()} of {name}", trial.home.run(place.words(path)), may_print=place.use == "writes" and path == b"/dev/full")
    odd = list(odd_values(place))
    for name, path in odd if long else [odd[turn % len(odd)]]:
        try_odd(trial, place, name, path)
    elsewhere = [("a loop of links", b"loop"), ("a name of 300 characters", b"x" * 300), ("a file in a closed folder", b"closed/file"), ("nothing", b"")]
    for name, path in elsewhere if long else [elsewhere[turn % len(elsewhere)]]:
        try_elsewhere(trial, place, name, path)
    if place.use == "writes":
        try_input_as_output(trial, place)
    if long or turn % 4 == 0:
        try_pipe(trial, place)


def main():
    program, long = sys.argv[1], "--long" in sys.argv
    with tables.quick_folder() as root:
        home = Home(program, pathlib.Path(root).resolve())
        trial = Trial(home)
        found = list(places(home))
        for place in found:
            CONFIGURED.setdefault(place.command, set()).add(place.name)
        trial.check("every command has a line in BASES", [p.command for p in found if p.command not in BASES])
        try:
            for turn, place in enumerate(found):
                examine(trial, place, long, turn)
        finally:
            (home.folder / "closed").chmod(0o700)
    print(f"{len(found)} flags and arguments of {len({p.command for p in found})} commands")
    return tables.report("evil paths", trial.passed, trial.failed)


if __name__ == "__main__":
    sys.exit(main())
