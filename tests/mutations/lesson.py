#!/usr/bin/env python3
"""Builds the program with one bug at a time and demands that `chainrule learn check` sees it in the statements that speak of it.

usage: tests/mutations/lesson.py [--build BUILD_FOLDER] [--seed N] [--only WORD]
The build folder must hold the built program. lesson.json says for each bug which statements must not hold any more and which others may
follow; anything else is wrong. Prints "N passed, N failed".
"""
import argparse
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def output(command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def seed_bug(mutation, copy):
    """Puts the changed files into `copy`, under their own paths."""
    for change in mutation["changes"]:
        target = copy / change["file"]
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text((ROOT / change["file"]).read_text())
        text = target.read_text()
        if text.count(change["find"]) != change.get("times", 1):
            raise SystemExit(f"{mutation['name']}: the text to replace stands {text.count(change['find'])} times in {change['file']}")
        target.write_text(text.replace(change["find"], change["replace"]))


def compile_source(source, copy, build):
    """As the build compiled it, but with the copy's files in front of the checkout's."""
    entry = next(e for e in json.loads((build / "compile_commands.json").read_text()) if pathlib.Path(e["file"]) == ROOT / source)
    changed = copy / source if (copy / source).exists() else ROOT / source
    words, result = shlex.split(entry["command"]), copy / (source.replace("/", "_") + ".o")
    words = words[next(i for i, word in enumerate(words) if pathlib.Path(word).name.startswith(("g++", "c++", "clang"))):]
    command = [words[0], f"-I{copy / 'src'}"]
    skip = False
    for word in words[1:]:
        if skip or word in ("-o", "-c", "-MF", "-MT", "-MD", entry["file"]):
            skip = word in ("-o", "-MF", "-MT")
            continue
        command.append(word)
    subprocess.run([*command, "-c", str(changed), "-o", str(result)], check=True, cwd=entry["directory"])
    return result


def link(objects, program, build):
    """The program's own link command with the broken objects in front of the archives."""
    command = output(["ninja", "-C", str(build), "-t", "commands", "chainrule"]).splitlines()[-1]
    command = command.replace(": && ", "").replace(" && :", "")
    words = shlex.split(command)
    words[words.index("-o") + 1] = str(program)
    subprocess.run([*words[:words.index("-o")], *map(str, objects), *words[words.index("-o"):]], check=True, cwd=build)


def failing(program, seed):
    """Statements that do not hold."""
    run = subprocess.run([str(program), "learn", "check", "--json", "--seed", str(seed)], capture_output=True, text=True)
    if run.returncode not in (0, 1):
        raise SystemExit(f"learn check ended with {run.returncode}: {run.stderr}")
    return {s["id"] for s in json.loads(run.stdout)["statements"] if not s["held"]}


def judge(mutation, options):
    """Whether the right statements fail, and one line about it."""
    if mutation is None:
        failed = failing(options.build / "chainrule", options.seed)
        return not failed, "no bug: " + (f"{', '.join(sorted(failed))} do not hold" if failed else "every statement holds")
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        seed_bug(mutation, copy)
        sources = [source.format(isa=options.isa) for source in mutation["compile"]]
        program = copy / "chainrule"
        link([compile_source(source, copy, options.build) for source in sources], program, options.build)
        failed = failing(program, options.seed)
    must, may = set(mutation["must_fail"]), set(mutation["may_fail"])
    number = lambda statement: int(statement[1:])
    text = f"{mutation['name']}: {', '.join(sorted(failed, key=number)) or 'nothing'} did not hold"
    if must - failed:
        text += f"; {', '.join(sorted(must - failed, key=number))} should not have"
    if failed - must - may:
        text += f"; {', '.join(sorted(failed - must - may, key=number))} should have"
    return not (must - failed or failed - must - may), text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="bugs whose name has this word")
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.isa = json.loads(output([str(options.build / "chainrule"), "version", "--json"]))["instruction_set"]
    mutations = [m for m in json.loads((ROOT / "tests/mutations/lesson.json").read_text()) if options.only in m["name"]]
    passed = failed = 0
    for mutation in [None, *mutations]:
        right, text = judge(mutation, options)
        print(f"{'ok    ' if right else 'WRONG '} {text}", flush=True)
        passed, failed = passed + right, failed + (not right)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
