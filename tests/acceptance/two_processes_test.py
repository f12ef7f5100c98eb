"""Two commands on one run folder at the same time: one trains and the other is refused, and readers see the old model or the new one, whole.

  two_processes_test.py PROGRAM [TIMES]
"""
import collections
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import tables

FLAGS = ["table.csv", "--target", "kind", "--hidden", "8", "--threads", "1", "--early-stop", "0", "--checkpoint-every", "1", "--json"]
SHORT = ["--epochs", "3"]
TRAININGS = {"train": ["train", *FLAGS, *SHORT, "--out", "run", "--seed", "2"],
             "force": ["train", *FLAGS, *SHORT, "--out", "run", "--seed", "3", "--force"],
             "resume": ["train", "--resume", "run", "--json"]}
READERS = {"predict": ["predict", "run", "table.csv", "--threads", "1"], "inspect": ["inspect", "run", "--json"],
           "evaluate": ["evaluate", "run", "table.csv", "--threads", "1", "--json"]}
COMMANDS = {**TRAININGS, **READERS}
REFUSALS = {"train": "E0425|E0426", "force": "E0425", "resume": "E0425|E0415",  # while another works; a run there; not begun yet
            "predict": "E0401", "inspect": "E0401", "evaluate": "E0401"}
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("CHAINRULE_") or k == "CHAINRULE_ISA"}


class Ground:
    """A folder, its beginnings, and what each command says alone."""

    def __init__(self, program, root):
        self.program, self.work, self.kept = str(pathlib.Path(program).resolve()), root / "work", root / "kept"
        self.work.mkdir()
        self.kept.mkdir()
        tables.classification(self.work / "table.csv", rows=120)
        self.keep("new")
        self.alone(["train", *FLAGS, *SHORT, "--out", "run", "--seed", "1"])
        self.keep("finished")
        self.restore("new")
        self.interrupt(["train", *FLAGS, "--epochs", "400", "--out", "run", "--seed", "4"])
        self.keep("unfinished")

    def keep(self, name):
        shutil.copytree(self.work, self.kept / name)

    def restore(self, name):
        shutil.rmtree(self.work)
        shutil.copytree(self.kept / name, self.work)

    def start(self, command):
        return subprocess.Popen([self.program, *command], cwd=self.work, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def alone(self, command):
        child = self.start(command)
        out, err = child.communicate(timeout=60)
        if child.returncode not in (0, 4):
            raise RuntimeError(f"{command}: exit {child.returncode} {err}")
        return child.returncode, out, err

    def interrupt(self, command):
        """Killed once it has its first checkpoint of more than no steps."""
        child = self.start(command)
        while not (self.work / "run/checkpoint.previous.safetensors").exists():
            time.sleep(0.001)
        child.send_signal(signal.SIGKILL)
        child.communicate()

    def answer(self, name, out):
        """What is to be compared: the digest of a model, or all that a reader says."""
        return json.loads(out)["digest"] if name in TRAININGS or name == "inspect" else out

    def model(self):
        code, out, _ = self.alone(READERS["inspect"])
        return self.answer("inspect", out) if code == 0 else None


class Pair:
    """Two commands on one beginning, and what either may say."""

    def __init__(self, ground, start, names):
        self.ground, self.start, self.names = ground, start, names
        self.models, self.answers, self.able = set(), collections.defaultdict(set), set()
        self.seconds = 0.0
        for order in {names, names[::-1]}:
            self.one_after_the_other(order)

    def one_after_the_other(self, order):
        self.ground.restore(self.start)
        for name in [None, *order]:
            if name:
                begin = time.time()
                code, out, _ = self.ground.alone(COMMANDS[name])
                self.seconds = max(self.seconds, time.time() - begin)
                if code == 0:
                    self.answers[name].add(self.ground.answer(name, out))
                    self.able |= {name} if name == order[0] else set()
            self.models.add(self.ground.model())
            for reader in set(self.names) & set(READERS):
                code, out, _ = self.ground.alone(READERS[reader])
                if code == 0:
                    self.answers[reader].add(self.ground.answer(reader, out))

    def together(self, draw):
        """What is wrong with one try, or None; and how it went."""
        self.ground.restore(self.start)
        children = []
        for name in self.names:
            children.append(self.ground.start(COMMANDS[name]))
            time.sleep(draw.choice([0, draw.uniform(0, self.seconds)]))
        ends = [(name, *child.communicate(timeout=60), child.returncode) for name, child in zip(self.names, children)]
        wrong = [complaint for end in ends for complaint in [self.complaint(*end)] if complaint]
        codes = tuple(code for *_, code in ends)
        trained = [self.ground.answer(name, out) for name, out, _, code in ends if name in TRAININGS and code == 0]
        if not trained and {name for name in self.names if name in TRAININGS} <= self.able:
            wrong.append("nobody trained")
        model = self.ground.model()
        if trained and model not in trained:
            wrong.append("the folder holds the model of nobody who was told so")
        if not trained and model not in self.models:
            wrong.append("the folder holds an unknown model")
        left = [f.name for f in self.ground.work.glob("run/*") if ".tmp-" in f.name or f.name == "run.lock"]
        return wrong + ([f"left: {left}"] if left else []), codes

    def complaint(self, name, out, err, code):
        if code == 0:
            return None if self.ground.answer(name, out) in self.answers[name] else f"{name} says what nobody alone says: {out[:300]}"
        errors = re.findall(r"^error\[(E\d{4})\]", err, re.M)
        good = code == 4 and len(errors) == 1 and re.fullmatch(REFUSALS[name], errors[0]) and tables.says_nothing_but_its_error(out)
        return None if good else f"{name}: exit {code} {err}"


def main():
    program, times = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    draw = random.Random(5)
    passed = failed = 0
    with tables.quick_folder() as root:
        ground = Ground(program, pathlib.Path(root).resolve())
        for start, names in itertools.product(("new", "finished", "unfinished"), itertools.combinations_with_replacement(COMMANDS, 2)):
            if not set(names) & set(TRAININGS):
                continue  # readers change nothing
            pair, seen = Pair(ground, start, names), collections.Counter()
            for _ in range(times):
                wrong, codes = pair.together(draw)
                seen[codes] += 1
                passed, failed = passed + (not wrong), failed + bool(wrong)
                for complaint in wrong:
                    print(f"FAILED {' and '.join(names)} in a folder that is {start}: {complaint}")
            if "--show" in sys.argv:
                print(start, names, dict(seen), flush=True)
    return tables.report("two processes in one folder", passed, failed)


if __name__ == "__main__":
    sys.exit(main())
