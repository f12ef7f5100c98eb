#!/usr/bin/env python3
"""Seeds six classic back-propagation bugs, one at a time, into a copy of the reference engine and demands that its tests fail.

usage: tests/mutations/run.py [--build BUILD_FOLDER] [--compiler g++] [--flags FLAGS]
The build folder must hold the built target test_reference; prints "N passed, N failed".
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOM = "src/engine/reference"
TESTS = ["gradient_test.cpp", "dropout_test.cpp", "laws_test.cpp"]
# One activation of the big loop is enough here, and keeps a mutant's run short.
FILTER = "-*EveryActivation*:Dropout.Alpha*"


def test_objects(build):
    """The judging tests as the normal build compiled them."""
    objects = []
    for name in TESTS:
        found = list(build.glob(f"**/test_reference.dir/**/{name}.o"))
        if not found:
            raise SystemExit(f"{build} holds no object of {name}: build the target test_reference first")
        objects.append(str(found[0]))
    return objects


def compile_tests(copy, mutation, options):
    """One source of the copied room (its headers come first), linked in front of the untouched library."""
    flags = ["-std=c++20", "-O1", "-ffp-contract=off", f"-I{copy / 'src'}", f"-I{ROOT / 'src'}", f"-I{ROOT / 'include'}"]
    mutated = []
    if mutation:
        mutated = [str(copy / "mutated.o")]
        subprocess.run([options.compiler, *options.flags.split(), *flags, "-c", str(copy / mutation["compile"]), "-o", mutated[0]], check=True)
    libraries = [str(options.build / f"libchainrule_{room}.a") for room in ("reference", "net", "math", "base")]
    program = copy / "judge"
    command = [options.compiler, *options.flags.split(), *mutated, *test_objects(options.build), *libraries, "-lgtest", "-lgtest_main", "-pthread"]
    subprocess.run([*command, "-o", str(program)], check=True)
    return program


def seed(mutation, copy):
    path = copy / mutation["file"]
    text = path.read_text()
    if text.count(mutation["find"]) != 1:
        raise SystemExit(f"{mutation['name']}: the text to replace stands {text.count(mutation['find'])} times in {mutation['file']}")
    path.write_text(text.replace(mutation["find"], mutation["replace"]))


def failing_tests(mutation, options):
    """The names of the tests that fail with this mutation in place (None: no mutation)."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        shutil.copytree(ROOT / ROOM, copy / ROOM)
        if mutation:
            seed(mutation, copy)
        program = compile_tests(copy, mutation, options)
        run = subprocess.run([str(program), f"--gtest_filter={FILTER}", "--gtest_brief=1"], capture_output=True, text=True)
        marked = [line.split("]")[1].split() for line in run.stdout.splitlines() if line.startswith("[  FAILED  ] ")]
        failed = {words[0].rstrip(",") for words in marked if "." in words[0]}
        if run.returncode != 0 and not failed:
            failed = {f"exit status {run.returncode}"}
        return sorted(failed)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--compiler", default=os.environ.get("CXX", "g++"))
    parser.add_argument("--flags", default="", help="the build's own flags, for example -fsanitize=address")
    options = parser.parse_args()
    options.build = options.build.resolve()
    mutations = [None] + json.loads((ROOT / "tests/mutations/mutations.json").read_text())
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for mutation, tests in zip(mutations, pool.map(lambda m: failing_tests(m, options), mutations)):
            right = bool(tests) if mutation else not tests
            name = mutation["name"] if mutation else "no bug"
            verdict = f"caught by {', '.join(tests)}" if tests else "no test fails"
            print(f"{'ok    ' if right else 'WRONG '} {name}: {verdict}", flush=True)
            passed, failed = passed + right, failed + (not right)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
