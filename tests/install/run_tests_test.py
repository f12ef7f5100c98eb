"""tools/run_tests names what was skipped, with its reason, and fails where a test is skipped in silence, fails, or is not there.

  run_tests_test.py REPOSITORY
"""
import pathlib
import subprocess
import sys
import tempfile

HEAD = "cmake_minimum_required(VERSION 3.25)\nproject(sample NONE)\nenable_testing()\n"
GOOD = "add_test(NAME good COMMAND sh -c \"echo fine\")\n"
SAID = "add_test(NAME said COMMAND sh -c \"echo 'skipped: no tables'; exit 77\")\n"
SILENT = "add_test(NAME silent COMMAND sh -c \"exit 77\")\n"
PART = "add_test(NAME part COMMAND sh -c \"printf '/a_test.cpp:2: Skipped\\\\nno AVX\\\\n\\\\n[  SKIPPED ] Room.Part (0 ms)\\\\n'\")\n"
BAD = "add_test(NAME bad COMMAND sh -c \"exit 1\")\n"
ABSENT = "add_test(NAME absent COMMAND ./absent)\n"


def run(tool, tests):
    """Exit status and closing lines of run_tests over these tests."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        skips = "".join(f"set_tests_properties({name} PROPERTIES SKIP_RETURN_CODE 77)\n" for name in ("said", "silent") if f"NAME {name} " in tests)
        (folder / "CMakeLists.txt").write_text(HEAD + tests + skips)
        subprocess.run(["cmake", "-S", folder, "-B", folder / "build"], check=True, capture_output=True)
        done = subprocess.run([tool, "--test-dir", folder / "build"], capture_output=True, text=True)
        return done.returncode, done.stdout


def main():
    tool = pathlib.Path(sys.argv[1]) / "tools/run_tests"
    passed = failed = 0
    cases = [("all good", GOOD, True, "1 tests: 1 passed, 0 skipped, 0 failed"),
             ("skipped with a reason", GOOD + SAID, True, "1 skipped: said (no tables)"),
             ("a part skipped", PART, True, "1 skipped within tests that passed: part Room.Part (no AVX)"),
             ("skipped in silence", GOOD + SILENT, False, "silent was skipped and does not say why"),
             ("failed", GOOD + BAD, False, "2 tests: 1 passed, 0 skipped, 1 failed"),
             ("a program that is not there", GOOD + ABSENT, False, "2 tests: 1 passed, 0 skipped, 1 failed"),
             ("no tests", "", False, "0 tests")]
    for name, tests, good, said in cases:
        status, output = run(tool, tests)
        right = (status == 0) == good and said in output
        passed, failed = passed + right, failed + (not right)
        if not right:
            print(f"FAILED: {name}: exit {status}\n{output}")
    print(f"run_tests: {passed} passed, {failed} failed")
    return 0 if not failed else 1


if __name__ == "__main__":
    sys.exit(main())
