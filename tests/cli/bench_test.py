#!/usr/bin/env python3
"""`chainrule bench`: what it prints on terminals of several widths, its JSON, its errors; nothing here depends on speed.   bench_test.py BINARY"""
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios

from harness import ENVIRONMENT, Suite

LIMITS = {"compute", "L2", "L3", "DRAM", "barrier", "other"}
CEILINGS = {"fma_gflops", "l1_gbs", "l2_gbs", "l3_gbs", "dram_gbs", "barrier_ns", "updates_per_second"}
SHAPE = {"shape": str, "layers": str, "batch": int, "threads": int, "samples_per_second": float, "spread": float, "gflops": float, "engine": str,
         "share_of_peak": float, "step_seconds": float, "predicted_seconds": float, "limit": str, "shares": dict, "ceilings": dict, "phases": list,
         "notes": list}
PHASE = {"name": str, "gflop": float, "l2_mb": float, "l3_mb": float, "dram_mb": float, "barriers": float, "seconds": float, "limit": str}

SHORT = ["--seconds", "0.05"]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def spec(widths, activation="relu", head=""):
    layers = "".join(f'[[network.layers]]\nunits = {units}\nactivation = "{activation}"\n' for units in widths[1:])
    return f"[network]\ninputs = {widths[0]}\n{layers}{head}"


def on_terminal(suite, columns, *arguments, env=None):
    """What the command writes to a terminal of that width: (exit code, text)."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {**ENVIRONMENT, "TERM": "xterm", **(env or {})}
    if not env or "NO_COLOR" not in env:
        environment.pop("NO_COLOR", None)
    process = subprocess.Popen([suite.binary, *map(str, arguments)], cwd=suite.home, stdin=follower, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    text = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the terminal's last writer has gone
            break
        if not part:
            break
        text += part
    os.close(leader)
    return process.wait(timeout=120), text.decode()


def plain_lines(text):
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text))


def has_types(found, wanted):
    return set(found) == set(wanted) and all(isinstance(found[key], (kind, int) if kind is float else kind) for key, kind in wanted.items())


def test_text(suite):
    for columns in (60, 80, 140):
        code, text = on_terminal(suite, columns, "bench", "--spec", "net.toml", "--batch", 32, *SHORT)
        lines = plain_lines(text)
        suite.check(f"bench --spec at {columns} columns ends well", code == 0, text)
        suite.check(f"bench --spec at {columns} columns fits", max(map(len, lines)) <= columns, max(lines, key=len))
        suite.check(f"bench --spec at {columns} columns is coloured", COLOUR.search(text), text)
        for part in ("forward 1", "forward 2", "forward 3", "backward 2", "backward 3", "update 1", "loss", "ceilings", "limited by"):
            suite.check(f"bench --spec at {columns} columns shows {part}", any(part in line for line in lines), lines)
    for columns in (60, 140):
        done = suite.run("bench", "--spec", "net.toml", "--threads", 1, *SHORT, env={"COLUMNS": str(columns)})
        wide = max(map(len, done.stdout.decode().splitlines()))
        suite.check(f"bench --spec into a pipe with COLUMNS={columns} fits", wide <= columns, wide)
    for environment, flags in (({"NO_COLOR": "1"}, []), ({}, ["--color", "never"])):
        code, text = on_terminal(suite, 80, "bench", "--spec", "net.toml", *SHORT, *flags, env=environment)
        suite.check(f"bench --spec without colour: {environment or flags}", code == 0 and not COLOUR.search(text), text)
    piped = suite.run("bench", "--spec", "net.toml", "--threads", 1, *SHORT)
    suite.check("bench --spec into a pipe has no colour and no progress", piped.returncode == 0 and b"\x1b" not in piped.stdout and piped.stderr == b"", piped)


def test_deep_network_fits(suite):
    (suite.home / "deep.toml").write_text(spec([8] * 40))
    code, text = on_terminal(suite, 80, "bench", "--spec", "deep.toml", "--batch", 4, "--threads", 1, *SHORT)
    suite.check("40 layers at 80 columns fit", code == 0 and max(map(len, plain_lines(text))) <= 80, text)
    suite.check("40 layers are all named", "forward 39" in text and "update 39" in text, text)


def test_json(suite):
    done = suite.run("bench", "--spec", "net.toml", "--batch", 32, "--threads", "1,2", "--json", *SHORT)
    suite.check("bench --spec --json is one line and nothing on stderr", done.stdout.count(b"\n") == 1 and done.stderr == b"", done)
    shapes = json.loads(done.stdout)["shapes"]
    suite.check("bench --spec --json: one object a thread count", [shape["threads"] for shape in shapes] == [1, 2], shapes)
    many = json.loads(suite.run("bench", "--spec", "net.toml", "--batch", 32, "--threads", 1024, "--json", *SHORT).stdout)["shapes"][0]
    suite.check("a thousand threads: says how many there were, and why", many["threads"] < 1024 and any("not 1024 threads" in note for note in many["notes"]), many)
    for shape in shapes:
        suite.check("documented keys, no others", has_types(shape, SHAPE) and set(shape["ceilings"]) == CEILINGS, shape)
        suite.check("documented keys of phases", all(has_types(phase, PHASE) for phase in shape["phases"]), shape["phases"])
        suite.check("limits are documented words", {shape["limit"], *(phase["limit"] for phase in shape["phases"])} <= LIMITS, shape)
        suite.check("shares are those of the limits and add up to 1", set(shape["shares"]) == LIMITS and abs(sum(shape["shares"].values()) - 1) < 1e-9,
                    shape["shares"])
        suite.check("the limit has the largest share", shape["shares"][shape["limit"]] == max(shape["shares"].values()), shape)
        names = [phase["name"] for phase in shape["phases"]]
        suite.check("phases name each layer", names == ["inputs", "forward 1", "forward 2", "forward 3", "loss", "backward 3", "backward 2",
                                                        "update 3", "update 2", "update 1", "barriers"], names)
        suite.check("figures fit together", shape["batch"] == 32 and shape["layers"] == "6-16-8-1" and shape["samples_per_second"] > 0
                    and abs(shape["step_seconds"] * shape["samples_per_second"] - 32) < 1e-6
                    and abs(sum(phase["seconds"] for phase in shape["phases"]) - shape["predicted_seconds"]) < 1e-9, shape)
    help_text = suite.run("bench", "--help").stdout.decode()
    missing = [key for key in (*SHAPE, *PHASE, *CEILINGS, *LIMITS) if not re.search(rf"\b{key}\b", help_text)]
    suite.check("--help documents every key", not missing, missing)


def test_other_engines_and_precisions(suite):
    done = suite.run("bench", "--spec", "net.toml", "--threads", 1, "--json", *SHORT, env={"CHAINRULE_ISA": "scalar"})
    shape = json.loads(done.stdout)["shapes"][0]
    suite.check("the reference engine has a speed, no limits and says why", shape["engine"] == "reference" and shape["limit"] is None
                and shape["phases"] == [] and shape["shares"] == {} and any("refused" in note for note in shape["notes"]), shape)
    done = suite.run("bench", "--spec", "net.toml", "--threads", 1, *SHORT, env={"CHAINRULE_ISA": "scalar"})
    suite.check("... in text too", done.returncode == 0 and b"refused" in done.stdout, done.stdout)
    (suite.home / "bf16.toml").write_text(spec([6, 16, 1], head='[training]\nprecision = "bf16"\n'))
    done = suite.run("bench", "--spec", "bf16.toml", "--threads", 1, *SHORT)
    suite.check("bf16 is said", done.returncode == 0 and b"bf16 operands" in done.stdout, done.stdout)
    done = suite.run("train", "prices.csv", "--target", "price", "--hidden", 8, "--epochs", 1, "--out", "bf16", "--precision", "bf16")
    suite.check("train says how bf16 is done", b"bf16" in done.stdout.split(b"engine")[-1], done.stdout)


def test_errors(suite):
    for name, text in (("csv", "a,b\n1,2\n"), ("empty", ""), ("no_layers", "[network]\ninputs = 4\n"), ("zero_units", spec([4, 0, 1])),
                       ("activation", spec([4, 3, 1], "rellu")), ("key", spec([4, 1]).replace("units", "unit")),
                       ("lbfgs", spec([4, 1], head='[training.optimizer]\nkind = "lbfgs"\n')), ("wide", spec([4, 200000, 200000, 1]))):
        (suite.home / f"{name}.toml").write_text(text)
    (suite.home / "binary.toml").write_bytes(b"\x00\x01\xff")
    ours = ["--spec", "net.toml"]
    cases = [("no such file", ["--spec", "nowhere.toml"], 4, "E0401", "nowhere.toml"), ("a folder", ["--spec", "."], 4, "E0401", "."),
             ("no name", ["--spec", ""], 2, "E0102", "--spec"), ("no TOML", ["--spec", "csv.toml"], 2, "E0220", "csv.toml line 1"),
             ("binary", ["--spec", "binary.toml"], 2, "E0220", "binary.toml"), ("empty spec", ["--spec", "empty.toml"], 2, "E0201", "inputs"),
             ("no layers", ["--spec", "no_layers.toml"], 2, "E0201", "layers"), ("no units", ["--spec", "zero_units.toml"], 2, "E0201", "layers[0].units"),
             ("unknown activation", ["--spec", "activation.toml"], 2, "E0202", "rellu"), ("unknown key", ["--spec", "key.toml"], 2, "E0221", "unit"),
             ("lbfgs", ["--spec", "lbfgs.toml"], 2, "E0218", "lbfgs"), ("too wide", ["--spec", "wide.toml"], 2, "E0201", "2^32"),
             ("too many rows for the memory", [*ours, "--batch", "1000000000000"], 4, "E0490", "batch 1000000000000"),
             ("batch without a spec", ["--batch", "12"], 2, "E0105", "--batch"), ("flag of train", [*ours, "--precision", "bf16"], 2, "E0101", "--precision"),
             ("an argument", ["net.toml"], 2, "E0105", "net.toml"), ("misspelt", ["--sped", "net.toml"], 2, "E0101", "--sped")]
    cases += [(f"--batch {value}", [*ours, "--batch", value], 2, "E0102", value) for value in ("0", "-1", "many", "1e9", "1.5")]
    cases += [(f"--threads {value}", [*ours, "--threads", value], 2, "E0102", "--threads") for value in ("0", "-1", "5000", "1,x", "1,,2", ",", "1 2", "9" * 30)]
    cases += [(f"--seconds {value}", [*ours, "--seconds", value], 2, "E0102", value) for value in ("0", "-1", "nan", "inf", "1e999", "soon")]
    for name, arguments, code, error, place in cases:
        for extra in ([], ["--json"]):
            suite.is_error(f"{name} {extra}", suite.run("bench", *arguments, *extra), code, error, place)


def test_outputs_that_fail(suite):
    command = [suite.binary, "bench", "--spec", "net.toml", "--threads", "1", *SHORT]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, cwd=suite.home, stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=120)
    suite.check("a full disk is exit code 4", done.returncode == 4 and b"error[E0422]" in done.stderr, done)
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, cwd=suite.home, stdout=write, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=120)
    os.close(write)
    suite.check("a reader that has gone is no error", done.returncode in (141, -13) and done.stderr == b"", done)


def main():
    suite = Suite(sys.argv[1])
    (suite.home / "net.toml").write_text(spec([6, 16, 8, 1]))
    for test in (test_text, test_deep_network_fits, test_json, test_other_engines_and_precisions, test_errors, test_outputs_that_fail):
        test(suite)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
