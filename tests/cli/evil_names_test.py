#!/usr/bin/env python3
"""Names that strangers chose (files, folders, columns, classes, cells, variables): nothing of them acts on a terminal, a page or a shell.

evil_names_test.py BINARY"""
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys

from harness import ENVIRONMENT, Suite

FEW = ["--epochs", "1", "--hidden", "4", "--threads", "1"]
# What must never come out as it is: C0 but line ends and tabs, DEL, C1, turns of direction, separators.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
EVIL = {
    "ESC": "a\x1b[31mX",
    "C1": "a\u009b31mX",
    "bidi": "a\u202eX\u2066",
    "separators": "a\u2028X\u2029",
    "shell": "a;touch P;X",
    "quotes and blanks": "it's \"a\" $(touch P) `touch P` \\ X",
    "DEL and BEL": "a\x7f\x07X",
}
LATIN = b"caf\xe9"  # not UTF-8


def shown_wrong(raw):
    """The first thing in the output that must not be there."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8: {raw[max(0, error.start - 30):error.end + 10]!r}"
    found = HIDDEN.search(text.replace("\r\n", "\n"))
    return repr(text[max(0, found.start() - 30):found.end() + 30]) if found else ""


def path_of(text):
    """docs/decisions/013: the bytes behind a text of JSON."""
    if not text.startswith("bytes:"):
        return text.encode()
    unescaped = re.sub(rb"\\(\\|x..)", lambda found: b"\\" if found[1] == b"\\" else bytes([int(found[1][1:], 16)]), text[6:].encode())
    return unescaped


def table(evil, kind):
    """Columns, classes and cells of that name; `kind`: "classes" or "numbers"."""
    word = evil.replace('"', '""').replace("\n", " ")
    lines = [f'n,"{word}","{word} target"']
    for i in range(60):
        truth = f'"{word} {i % 3}"' if kind == "classes" else f"{i * 1.5}"
        lines.append(f'{i % 7},"{word} cell {i % 4}",{truth}')
    return "\n".join(lines) + "\n"


class EvilNames(Suite):
    def try_it(self, name, *words, **options):
        """Runs it; checks both outputs, and that no shell has seen what is in a name."""
        done = self.run(*words, **options)
        for stream, raw in (("stdout", done.stdout), ("stderr", done.stderr)):
            self.check(f"{name}: {stream}", not (wrong := shown_wrong(raw)), wrong)
        self.check(f"{name}: no crash, no internal error", done.returncode in (0, 1, 2, 3, 4, 5, 130), done.stderr[-300:])
        return done

    def check_file(self, name, path):
        if not pathlib.Path(os.fsdecode(path)).exists():
            return self.check(f"{name} was written", False)
        raw = pathlib.Path(os.fsdecode(path)).read_bytes()
        self.check(f"{name}: {os.fsdecode(os.path.basename(path))!r}", not (wrong := shown_wrong(raw)), wrong)

    def paste(self, name, output):
        """Every suggested command, given to a shell, gets its words whole: a stand-in prints them."""
        stand_in = self.home / "bin"
        if not stand_in.exists():
            stand_in.mkdir()
            (stand_in / "chainrule").write_text('#!/bin/sh\nfor word; do printf "%s\\0" "$word"; done\n')
            (stand_in / "chainrule").chmod(0o755)
        commands = re.findall(rb"^ *(chainrule .*)$|`(chainrule train --resume .*)`$", output, re.M)
        words = []
        for command in (one or other for one, other in commands):
            said = subprocess.run(["bash", "-c", command], cwd=self.home, capture_output=True,
                                  env={**ENVIRONMENT, "PATH": f"{stand_in}:{os.environ['PATH']}"})
            self.check(f"{name}: can be pasted", said.returncode == 0 and not said.stderr, (command, said.stderr))
            words.append(said.stdout.split(b"\0")[:-1])
        self.check(f"{name}: touches nothing", not (self.home / "P").exists())
        return words


def through_every_command(suite, label, data, target, folder, model):
    """`data`: a path as bytes. A run in `folder`, and every command on it."""
    home = suite.home
    described = suite.try_it(f"{label}: describe", "describe", data)
    for words in suite.paste(f"{label}: describe", described.stdout):
        suite.check(f"{label}: describe names the file", words[:2] == [b"train", data], words)
    suite.try_it(f"{label}: describe --json", "describe", data, "--json")
    trained = suite.try_it(f"{label}: train", "train", data, "--target", target, "--out", folder, *FEW)
    suite.check(f"{label}: train works", trained.returncode == 0, trained.stderr)
    if trained.returncode != 0:
        return
    for words in suite.paste(f"{label}: train", trained.stdout):
        suite.check(f"{label}: train names folder and file", words[1:3] == [folder, data], words)
    resumed = suite.try_it(f"{label}: train --resume", "train", "--resume", folder)
    suite.check(f"{label}: train --resume works", resumed.returncode == 0, resumed.stderr)
    told = suite.try_it(f"{label}: train --resume --json", "train", "--resume", folder, "--json")
    if told.returncode == 0:
        model = path_of(json.loads(told.stdout)["model"])
        suite.check(f"{label}: JSON names the model", model.startswith(folder) and os.path.exists(os.path.join(os.fsencode(home), model)), model)
    suite.try_it(f"{label}: train --dry-run", "train", data, "--target", target, "--dry-run")
    suite.try_it(f"{label}: train --find-lr", "train", data, "--target", target, "--find-lr", *FEW)
    suite.try_it(f"{label}: evaluate", "evaluate", folder, data)
    suite.try_it(f"{label}: evaluate --json", "evaluate", folder, data, "--json")
    suite.try_it(f"{label}: inspect", "inspect", folder)
    told = suite.try_it(f"{label}: inspect --json", "inspect", folder, "--json")
    suite.check(f"{label}: inspect knows the data", path_of(json.loads(told.stdout)["training"]["data"]).endswith(data), told.stdout)
    suite.try_it(f"{label}: inspect --toml", "inspect", folder, "--toml")
    suite.try_it(f"{label}: check", "check", folder, data)
    suite.try_it(f"{label}: explain", "explain", folder, data, "--row", "1", "--movers")
    suite.try_it(f"{label}: explain by column", "explain", folder, data, "--by", "column", "--json")
    for kind in ("html", "dot"):
        page = home / f"page.{kind}"
        page.unlink(missing_ok=True)
        suite.try_it(f"{label}: explain {kind}", "explain", folder, data, "--row", "1", "--format", kind, "-o", page)
        suite.check_file(f"{label}: explain {kind}", page)
    suite.try_it(f"{label}: race", "race", data, "--target", target, "--optimizers", "sgd,adam", "--seeds", "2", "--svg", home / "race.svg", *FEW[:4])
    suite.check_file(f"{label}: race", home / "race.svg")
    suite.try_it(f"{label}: dropout", "dropout", data, "--target", target, "--kinds", "inverted", "--rates", "0.2", "--seeds", "2", "--svg", home / "d.svg", *FEW[:4])
    suite.check_file(f"{label}: dropout", home / "d.svg")
    suite.try_it(f"{label}: learn", "learn", "L37", "--data", data, "--target", target)
    suite.try_it(f"{label}: predict on other columns", "predict", folder, model)
    suite.try_it(f"{label}: an unknown column", "train", data, "--target", target + "?", *FEW)
    suite.try_it(f"{label}: a file that is not there", "train", data + b"?", "--target", target)
    suite.try_it(f"{label}: a folder that is not there", "predict", folder + b"?", data)
    suite.try_it(f"{label}: resuming nothing", "train", "--resume", folder + b"?")
    suite.try_it(f"{label}: resuming with data", "train", data, "--resume", folder)
    diverged = folder + b" diverged"
    suite.try_it(f"{label}: diverging", "train", data, "--target", target, "--out", diverged, "--lr", "1e30", "--optimizer", "sgd", *FEW)
    for name in (b"divergence.html", b"divergence.json"):
        suite.check_file(f"{label}: diverging", os.path.join(os.fsencode(home), diverged, name))


def paths_that_lead_nowhere(suite):
    """Each as every input and folder of every command: an error of the file, with the system's own reason."""
    home = suite.home
    (home / "loop").symlink_to("loop")
    tame = home / "kinds.csv"
    suite.train("kinds.csv", "kind", "good")
    train = ["train", tame, "--target", "kind", *FEW]
    for path, reason in (("n" * 300, "File name too long"), ("d/" * 3000 + "x", "File name too long"), ("loop", "Too many levels"),
                         ("loop/x", "Too many levels"), ("kinds.csv/x", "Not a directory")):
        places = {"DATA": ["train", path, "--target", "kind"], "described": ["describe", path], "predicted": ["predict", "good", path],
                  "MODEL": ["predict", path, tame], "inspected": ["inspect", path], "--out": [*train, "--out", path],
                  "--resume": ["train", "--resume", path], "--config": [*train, "--config", path], "--spec": [*train[:4], "--spec", path],
                  "--validation": [*train, "--validation", path], "--test": [*train, "--test", path],
                  "--class-weights": [*train, "--class-weights", path], "learn": ["learn", "L37", "--data", path, "--target", "kind"]}
        for place, words in places.items():
            suite.is_error(f"{place} {path[:20]}", suite.run(*words), 4, "E04..", reason)


def on_a_terminal(suite, label, *words):
    """What predict shows there: classes are data elsewhere, but not here."""
    controller, terminal = pty.openpty()
    done = subprocess.Popen([suite.binary, *words], cwd=suite.home, stdout=terminal, stderr=terminal, stdin=subprocess.DEVNULL,
                            env={**ENVIRONMENT, "NO_COLOR": "1"})
    os.close(terminal)
    raw = b""
    try:
        while piece := os.read(controller, 65536):
            raw += piece
    except OSError:
        pass
    done.wait(60)
    suite.check(label, not (wrong := shown_wrong(raw)) and raw, wrong or raw)


def main(binary):
    suite = EvilNames(binary)
    tame = suite.home / "tame.csv"
    tame.write_text("other\n1\n2\n")
    paths_that_lead_nowhere(suite)
    for label, evil in EVIL.items():
        name, word = os.fsencode(evil + ".csv"), evil.replace(";", "&")  # ";" would separate columns
        (suite.home / os.fsdecode(name)).write_text(table(word, "classes"))
        folder = os.fsencode("run " + evil)
        through_every_command(suite, label, name, word + " target", folder, tame)
        predicted = suite.run("predict", folder, name)
        suite.check(f"{label}: predict keeps classes as they are", word.replace('"', '""').encode() in predicted.stdout, predicted.stdout[:200])
        suite.try_it(f"{label}: predict --json", "predict", folder, name, "--json")
        on_a_terminal(suite, f"{label}: predict on a terminal", "predict", os.fsdecode(folder), os.fsdecode(name))
        suite.try_it(f"{label}: a variable", "describe", tame, env={"CHAINRULE_X" + evil.replace("=", ""): "1", "CHAINRULE_EPOCHS": "1"})
        suite.try_it(f"{label}: a flag, a command", "train", "--" + evil, env={"CHAINRULE_HIDDEN": evil})
        suite.try_it(f"{label}: a value", "train", name, "--target", word + " target", "--hidden", evil)
        settings = suite.home / (evil + ".toml")
        settings.write_text(json.dumps(evil) + " = 1\n")
        suite.try_it(f"{label}: a config file", "train", name, "--target", word + " target", "--config", settings)
        suite.try_it(f"{label}: a spec file", "train", name, "--target", word + " target", "--spec", settings)
        suite.try_it(f"{label}: a missing config file", "train", name, "--config", evil)
        suite.try_it(f"{label}: a command", evil)
        suite.try_it(f"{label}: a topic", "help", evil)
        suite.try_it(f"{label}: output into nowhere", "predict", folder, name, "-o", evil + "/" + evil)
        shutil.rmtree(suite.home / os.fsdecode(folder), ignore_errors=True)
    (suite.home / "latin").mkdir()
    latin = b"latin/" + LATIN + b".csv"
    (suite.home / os.fsdecode(latin)).write_text(table("plain", "numbers"))
    through_every_command(suite, "not UTF-8", latin, "plain target", b"latin/run " + LATIN, tame)
    dash = b"-dash.csv"
    (suite.home / "-dash.csv").write_text(table("plain", "classes"))
    described = suite.try_it("leading dash", "describe", "--", dash)
    suite.check("leading dash: the suggestion is a path", b"train ./-dash.csv --target" in described.stdout, described.stdout[-200:])
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
