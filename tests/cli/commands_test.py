#!/usr/bin/env python3
"""Every command end to end: exit codes, the shape of its JSON, files, streams.   commands_test.py BINARY"""
import csv
import io
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

from harness import ENVIRONMENT, Suite

METRICS = {"classification": {"rows", "loss", "accuracy", "auc", "log_loss", "confusion"}, "regression": {"rows", "loss", "rmse", "mae", "r2"}}


def has(suite, name, thing, keys):
    missing = set(keys) - set(thing)
    suite.check(name, not missing, f"lacks {sorted(missing)}")


def object_of(suite, name, done, keys, exit_code=0):
    """The one JSON object on stdout, checked for its keys; {} when there is none."""
    suite.check(f"{name}: exit code", done.returncode == exit_code, f"{done.returncode}: {done.stderr.decode()[:300]}")
    try:
        thing = json.loads(done.stdout, parse_constant=lambda word: 1 / 0)
    except (ValueError, ZeroDivisionError):
        suite.check(f"{name}: one JSON object", False, done.stdout[:200])
        return {}
    has(suite, f"{name}: keys", thing, keys)
    return thing


def test_tables(suite):
    thing = object_of(suite, "describe", suite.run("describe", "kinds.csv", "--json"), ["rows", "columns", "duplicate_rows", "suggested_target"])
    suite.check("describe counts", thing.get("rows") == 300 and len(thing.get("columns", [])) == 5, thing)
    for column in thing.get("columns", []):
        has(suite, "describe column", column, ["name", "type", "missing", "distinct"])
    with open(suite.home / "kinds.csv", "rb") as file:
        piped = suite.run("describe", "-", "--json", stdin=file)
    suite.check("describe - reads standard input", json.loads(piped.stdout or "{}").get("columns") == thing.get("columns"), piped.stderr)


def test_train(suite):
    for table, target, task in (("kinds.csv", "kind", "classification"), ("prices.csv", "price", "regression")):
        done = suite.run("train", table, "--target", target, "--test", "0.2", "--hidden", "8", "--epochs", "3", "--out", f"json-{task}", "--json")
        thing = object_of(suite, f"train {task}", done, ["model", "epochs", "seconds", "digest", "train", "validation", "test", "plan", "decisions", "history"])
        for part in ("train", "validation", "test"):
            has(suite, f"train {task} {part}", thing.get(part) or {}, METRICS[task])
        suite.check(f"train {task} epochs", thing.get("epochs") == 3 and len(thing.get("history", [])) == 3, thing.get("history"))
        suite.check(f"train {task} model file", (suite.home / thing.get("model", "none")).is_file(), thing.get("model"))
        suite.check(f"train {task} quiet", done.stderr == b"", done.stderr)
    again = suite.run("train", "prices.csv", "--target", "price", "--out", "json-regression", "--epochs", "1")
    suite.is_error("train refuses a used folder", again, 4, "E0426", "json-regression")
    search = suite.run("train", "prices.csv", "--target", "price", "--find-lr", "--json")
    thing = object_of(suite, "find-lr", search, ["suggested", "curve"])
    suite.check("find-lr has a curve", len(thing.get("curve", [])) > 5 and (thing.get("suggested") or 0) > 0, thing)


def test_dry_run(suite):
    (suite.home / "run.toml").write_text("epochs = 4\nlr = 0.25\nhidden = [8, 4]\n")
    done = suite.run("train", "prices.csv", "--target", "price", "--config", "run.toml", "--epochs", "9", "--dry-run", "--json",
                     env={"CHAINRULE_LR": "0.5"})
    settings = object_of(suite, "dry run", done, ["settings", "decisions"]).get("settings", {})
    suite.check("flag wins", settings.get("epochs", {}).get("value") == 9 and settings["epochs"]["source"] == "flag", settings.get("epochs"))
    suite.check("environment wins over config", settings.get("lr", {}).get("value") == 0.5 and settings["lr"]["source"] == "environment", settings.get("lr"))
    suite.check("config wins over default", settings.get("hidden", {}).get("value") == "8,4" and "line 3" in settings["hidden"]["where"], settings.get("hidden"))
    suite.check("default is named", settings.get("batch", {}).get("source") == "default", settings.get("batch"))
    suite.check("dry run trains nothing", not (suite.home / "runs").exists(), "runs/ exists")


def test_models(suite):
    suite.train("kinds.csv", "kind", "kinds", "--dropout", "0.2")
    suite.train("prices.csv", "price", "prices")
    for folder, table, task in (("kinds", "kinds.csv", "classification"), ("prices", "prices.csv", "regression")):
        thing = object_of(suite, f"evaluate {task}", suite.run("evaluate", folder, table, "--json"), METRICS[task])
        suite.check("evaluate counts rows", thing.get("rows") == 300, thing.get("rows"))
        thing = object_of(suite, f"inspect {task}", suite.run("inspect", folder, "--json"), ["layers", "parameters", "digest"])
        suite.check("inspect has two layers", len(thing.get("layers", [])) == 2, thing.get("layers"))
        suite.check("digest is SHA-256", len(thing.get("digest", "")) == 64, thing.get("digest"))
        thing = object_of(suite, f"check {task}", suite.run("check", folder, table, "--json"), ["passed", "max_relative_error", "checks"])
        suite.check("check passes", thing.get("passed") is True and thing.get("checks"), thing)
        thing = object_of(suite, f"explain {task}", suite.run("explain", folder, table, "--row", "3", "--json"), ["row", "loss", "layers", "blame"])
        suite.check("explain ranks", thing.get("row") == 3 and thing.get("blame"), thing.get("row"))
        for entry in thing.get("blame", []):
            has(suite, "blame entry", entry, ["weight", "gradient", "direction", "predicted", "measured"])
        text = suite.run("inspect", folder, "--toml")
        (suite.home / "network.toml").write_bytes(text.stdout)
        spec = suite.run("train", table, "--target", "kind" if folder == "kinds" else "price", "--spec", "network.toml", "--epochs", "1", "--out", f"spec-{folder}")
        suite.check("inspect --toml is read by --spec", spec.returncode == 0, spec.stderr)
    thing = object_of(suite, "check before training", suite.run("check", "prices.csv", "--target", "price", "--hidden", "6", "--json"), ["passed", "checks"])
    suite.check("check before training passes", thing.get("passed") is True, thing)
    thing = object_of(suite, "check alone", suite.run("check", "--json"), ["passed", "max_relative_error", "checks"])
    suite.check("check alone passes", thing.get("passed") is True, thing)


def test_precision(suite):
    """bf16 is told of wherever it decides the numbers, also when it came by a spec file."""
    suite.train("kinds.csv", "kind", "rounded", "--precision", "bf16")
    (suite.home / "rounded.toml").write_bytes(suite.run("inspect", "rounded", "--toml").stdout)
    by_spec = suite.run("train", "kinds.csv", "--target", "kind", "--spec", "rounded.toml", "--epochs", "3", "--threads", "1", "--out", "rounded-spec")
    suite.check("train tells the precision of a spec", b"precision: bf16" in by_spec.stdout and b"by rounded.toml" in by_spec.stdout, by_spec.stdout)
    for folder in ("rounded", "rounded-spec"):
        text = suite.run("inspect", folder)
        suite.check("inspect tells the precision", re.search(rb"\n  precision +bf16; ?.*products", text.stdout), text.stdout)
        thing = object_of(suite, "inspect", suite.run("inspect", folder, "--json"), ["precision", "digest"])
        suite.check("inspect tells the precision in JSON", thing.get("precision") == "bf16", thing.get("precision"))
        thing = object_of(suite, "explain", suite.run("explain", folder, "kinds.csv", "--row", "3", "--json"), ["notes"])
        suite.check("explain says that it rounds nothing", any("bf16" in note for note in thing.get("notes", [])), thing.get("notes"))
    digests = {json.loads(suite.run("inspect", folder, "--json").stdout)["digest"] for folder in ("rounded", "rounded-spec")}
    suite.check("a spec and a flag give the same model", len(digests) == 1, digests)
    suite.check("fp32 says nothing of bf16", b"bf16" not in suite.run("inspect", "kinds").stdout + suite.run("explain", "kinds", "kinds.csv", "--row", "3").stdout)
    dry = suite.run("train", "kinds.csv", "--target", "kind", "--spec", "rounded.toml", "--dry-run")
    suite.check("a dry run shows no default for what the spec holds", re.search(rb"\n  precision +as there +rounded.toml", dry.stdout), dry.stdout)


def test_predict(suite):
    done = suite.run("predict", "kinds", "kinds.csv")
    rows = list(csv.reader(io.StringIO(done.stdout.decode())))
    suite.check("predict header", rows and rows[0][0] == "prediction" and sorted(rows[0][1:]) == ["p_high", "p_low", "p_middle"], rows[:1])
    suite.check("predict rows", len(rows) == 301, len(rows))
    suite.check("probabilities add up", all(abs(sum(map(float, row[1:])) - 1) < 1e-4 for row in rows[1:]), rows[1:2])
    suite.check("prediction is the most probable", all(rows[0][1 + max(range(3), key=lambda i: float(row[1 + i]))] == "p_" + row[0] for row in rows[1:]), "")
    lines = [json.loads(line) for line in suite.run("predict", "kinds", "kinds.csv", "--json").stdout.splitlines()]
    suite.check("predict --json", len(lines) == 300 and lines[7]["row"] == 7 and lines[7]["prediction"] == rows[8][0], lines[:1])
    spread = suite.run("predict", "kinds", "kinds.csv", "--uncertainty", "5").stdout.decode().splitlines()
    suite.check("predict --uncertainty", spread and spread[0].count("spread_") == 3, spread[:1])
    numbers = suite.run("predict", "prices", "prices.csv", "-o", "answers.csv")
    written = (suite.home / "answers.csv").read_text().splitlines() if (suite.home / "answers.csv").exists() else []
    suite.check("predict -o", numbers.returncode == 0 and numbers.stdout == b"" and written[:1] == ["prediction"] and len(written) == 301, numbers.stderr)
    with open("/dev/full", "wb") as full:
        lost = subprocess.run([suite.binary, "predict", "kinds", "kinds.csv"], cwd=suite.home, stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT)
    suite.check("full disk behind stdout", lost.returncode == 4 and b"E0422" in lost.stderr, lost)
    suite.is_error("full disk behind -o", suite.run("predict", "kinds", "kinds.csv", "-o", "/dev/full"), 4, "E0422", "/dev/full")
    piped = subprocess.run(f"{suite.binary} predict kinds big.csv | head -1; exit ${{PIPESTATUS[0]}}", shell=True, executable="/bin/bash", cwd=suite.home,
                           capture_output=True, env=ENVIRONMENT) if big_table(suite) else None
    suite.check("a closed pipe ends quietly", piped.returncode == 141 and piped.stderr == b"", piped)


def test_odd_classes(suite):
    """Class names with commas, quotes and letters beyond ASCII come back as they were."""
    names = ["a,b", 'say "x"', "größer"]
    with open(suite.home / "odd.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["x", "y"]] + [[i * 0.1, names[i // 40]] for i in range(120)])
    suite.train("odd.csv", "y", "odd")
    rows = list(csv.reader(io.StringIO(suite.run("predict", "odd", "odd.csv").stdout.decode())))
    suite.check("odd class names in the header", rows and sorted(rows[0][1:]) == sorted("p_" + name for name in names), rows[:1])
    suite.check("odd class names in the rows", len(rows) == 121 and {row[0] for row in rows[1:]} <= set(names), rows[1:2])
    lines = [json.loads(line) for line in suite.run("predict", "odd", "odd.csv", "--json").stdout.splitlines()]
    suite.check("odd class names in JSON", lines and set(lines[0]["probabilities"]) == set(names), lines[:1])


def big_table(suite):
    """Predictions that overflow a pipe's buffer."""
    lines = (suite.home / "kinds.csv").read_text().splitlines()
    (suite.home / "big.csv").write_text("\n".join(lines[:1] + lines[1:] * 40) + "\n")
    return True


def test_help(suite):
    for command in ("describe", "train", "evaluate", "predict", "inspect", "check", "explain", "bench", "version", "help", "completions"):
        shown = suite.run(command, "--help")
        suite.check(f"{command} --help", shown.returncode == 0 and shown.stdout and shown.stderr == b"", shown.stderr)
        suite.check(f"help {command}", suite.run("help", command).stdout == shown.stdout, command)
    object_of(suite, "version", suite.run("version", "--json"), ["version", "compiler", "instruction_set", "plan_candidates"])
    object_of(suite, "help", suite.run("help", "--json"), ["commands"])
    suite.check("overview", suite.run().returncode == 0, "")
    suite.check("help E0301", b"cell cannot be read" in suite.run("help", "E0301").stdout, "")
    docs = pathlib.Path(__file__).resolve().parents[2] / "docs"
    made = suite.run("help", "--markdown").stdout.decode()
    suite.check("docs/cli.md is what `chainrule help --markdown` prints", (docs / "cli.md").read_text() == made, "write it anew")
    made = suite.run("help", "errors", "--markdown").stdout.decode()
    suite.check("docs/errors.md is what `chainrule help errors --markdown` prints", (docs / "errors.md").read_text() == made, "write it anew")
    suite.check("man page", suite.run("help", "--man").stdout.startswith(b".TH CHAINRULE 1"), "")
    bash = suite.run("completions", "bash")
    script = object_of(suite, "completions", suite.run("completions", "bash", "--json"), ["shell", "script"]).get("script", "")
    suite.check("completions --json holds the script", script.encode() == bash.stdout, script[:80])
    suite.check("bash takes its completions", subprocess.run(["bash", "-n"], input=bash.stdout).returncode == 0, "")


def test_colour(suite):
    suite.check("no colour in a pipe", b"\033" not in suite.run("help", "train").stdout, "")
    suite.check("--color always", b"\033" in suite.run("version", "--color", "always").stdout, "")
    suite.check("progress only when asked", b"epoch" in suite.run("train", "prices.csv", "--target", "price", "--epochs", "2", "--out", "progress",
                                                                  "--progress", "always", "--json").stderr, "")


def test_stop(suite):
    """Ctrl-C: exit 130, a usable model, and a checkpoint that goes on."""
    command = [suite.binary, "train", "prices.csv", "--target", "price", "--out", "stopped", "--epochs", "100000", "--early-stop", "0", "--json"]
    child = subprocess.Popen(command, cwd=suite.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
    time.sleep(1.5)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    suite.check("interrupted: exit 130", child.returncode == 130, (child.returncode, err))
    suite.check("interrupted: says how to go on", b"--resume stopped" in err, err)
    suite.check("interrupted: one JSON object", json.loads(out or b"{}").get("interrupted") is True, out[:200])
    suite.check("interrupted: the model is usable", suite.run("evaluate", "stopped", "prices.csv").returncode == 0, "")
    command[2], command[command.index("stopped")] = "-", "stopped-stdin"
    with open(suite.home / "prices.csv", "rb") as table:
        child = subprocess.Popen(command, cwd=suite.home, stdin=table, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
        time.sleep(1.5)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    suite.check("interrupted on standard input: promises no resuming", child.returncode == 130 and b"--resume" not in err, err)


def main():
    suite = Suite(sys.argv[1])
    for test in (test_tables, test_dry_run, test_train, test_models, test_precision, test_predict, test_odd_classes, test_help, test_colour, test_stop):
        try:
            test(suite)
        except (OSError, ValueError, KeyError, IndexError, AttributeError, TypeError, subprocess.TimeoutExpired) as fault:
            suite.check(test.__name__, False, f"{type(fault).__name__}: {fault}")
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
