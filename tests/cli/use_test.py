#!/usr/bin/env python3
"""What a newcomer types: settings that do nothing, names of other programs, errors as JSON, reports that say what happened.   use_test.py BINARY"""
import json
import sys

from harness import Suite

SMALL = ["--hidden", "8", "--epochs", "3", "--threads", "1"]


def test_idle_settings_from_everywhere(suite):
    train = ["train", "kinds.csv", "--target", "kind"]
    (suite.home / "idle.toml").write_text('beta1 = 0.4\noptimizer = "sgd"\n')
    for name, words, env, place in [("flag", ["--momentum", "0.9"], {}, "--momentum"),
                                    ("environment", [], {"CHAINRULE_MOMENTUM": "0.9"}, "CHAINRULE_MOMENTUM"),
                                    ("config", ["--config", "idle.toml"], {}, "idle.toml line 1"),
                                    ("dry run", ["--dry-run", "--early-stop", "3", "--validation", "0"], {}, "--early-stop"),
                                    ("lbfgs", ["--optimizer", "lbfgs", "--batch", "32"], {}, "--batch"),
                                    ("no hidden layers", ["--hidden", "none", "--dropout", "0.5"], {}, "--dropout"),
                                    ("find-lr", ["--find-lr", "--lr", "0.1"], {}, "--lr")]:
        suite.is_error(f"a setting that does nothing: {name}", suite.run(*train, *words, env=env), 2, "E0121", place)
    suite.is_error("check too", suite.run("check", "kinds.csv", "--target", "kind", "--momentum", "0.9"), 2, "E0121", "--momentum")
    suite.is_error("race: read by none of the racers",
                   suite.run("race", "kinds.csv", "--target", "kind", "--optimizers", "adam,adamw", "--momentum", "0.9"), 2, "E0121", "--momentum")
    suite.is_error("no target is a usage error", suite.run("train", "kinds.csv"), 2, "E0122")
    help_text = suite.run("train", "--help").stdout.decode()
    suite.check("reserved names are not shown", "--preset" not in help_text and "--ensemble" not in help_text)
    suite.check("defaults by optimiser", "sgd, momentum and adagrad 0.01" in " ".join(help_text.split()), help_text)
    suite.is_error("a reserved name says so", suite.run(*train, "--preset", "tabular"), 2, "E0106")


def test_names_of_other_programs(suite):
    own = suite.run("train", "kinds.csv", "--target", "kind", *SMALL, "--lr", "0.01", "--batch", "16", "--loss", "cross_entropy", "--drop", "noise", "--json")
    other = suite.run("train", "kinds.csv", "--target", "kind", *SMALL, "--learning-rate", "0.01", "--batch-size=16", "--loss", "crossentropy",
                      "--exclude", "noise", "--json")
    suite.check("aliases mean the same", json.loads(own.stdout)["digest"] == json.loads(other.stdout or "{}").get("digest"), other.stderr)
    for word, hint in [("-t", "--target"), ("--quiet", "--progress never"), ("-q", "--progress never"), ("--metric", "--loss")]:
        done = suite.run("train", "kinds.csv", word, "x")
        suite.check(f"{word} gets the right hint", done.returncode == 2 and hint in done.stderr.decode(), done.stderr)


def test_errors_as_json(suite):
    suite.train("kinds.csv", "kind", "m")
    for words, code, exit_code in [(["train", "kinds.csv", "--target", "kidn"], "E0311", 3), (["train", "kinds.csv", "--lrr", "1"], "E0101", 2),
                                   (["describe", "absent.csv"], "E0401", 4), (["predict", "m", "absent.csv"], "E0401", 4)]:
        done = suite.run(*words, "--json")
        error = json.loads(done.stdout or "{}").get("error", {})
        suite.check(f"{words}: the error is one JSON object", error.get("code") == code and error.get("exit_code") == exit_code == done.returncode
                    and error["message"] in done.stderr.decode() and error["hint"], done.stdout)
    suite.check("a code in small letters", suite.run("help", "e302").stdout.startswith(b"E0302"))
    suite.check("a near code", b"did you mean E0" in suite.run("help", "E0591").stderr)
    suite.check("--help --json", json.loads(suite.run("train", "--help", "--json").stdout)["commands"])


def test_completions(suite):
    for shell in ("bash", "zsh", "fish"):
        script = suite.run("completions", shell).stdout.decode()
        suite.check(f"{shell}: kinds, statements and codes", all(word in script for word in ("nadam", "cosine_restarts", " L47", " E0121")), script[:200])
        suite.check(f"{shell}: nothing reserved", "preset" not in script and "ensemble" not in script)


def test_reports_say_what_happened(suite):
    done = suite.run("train", "kinds.csv", "--target", "kind", "--test", "0.1", *SMALL, "--out", "a b")
    text = done.stdout.decode()
    suite.check("verdict with a constant answer", "verdict: " in text and "always answering" in text, text)
    suite.check("commands are quoted", "chainrule evaluate 'a b' kinds.csv" in text, text)
    suite.check("decisions name scaling, categories and gaps", all(word in text for word in ("scaled to mean 0", "one input per category", "become the median")), text)
    with open(suite.home / "kinds.csv", "rb") as file:
        piped = suite.run("train", "-", "--target", "kind", *SMALL, "--out", "piped", stdin=file).stdout.decode()
    suite.check("no command reads standard input again", "chainrule inspect piped" in piped and "piped -" not in piped, piped)
    trained = json.loads(suite.run("train", "kinds.csv", "--target", "kind", "--test", "0.1", *SMALL, "--json").stdout)
    own = json.loads(suite.run("evaluate", trained["folder"], "kinds.csv", "--json").stdout)
    suite.check("evaluate tells training rows apart", own["trained_on"] and own["parts"]["test"] == {**trained["test"], "penalty": own["parts"]["test"]["penalty"]}
                and own["parts"]["training"]["rows"] == trained["train"]["rows"], own["parts"])
    suite.check("and says so first", suite.run("evaluate", trained["folder"], "kinds.csv").stdout.decode().startswith("  ! warning: the model was trained on"))
    (suite.home / "other.csv").write_text("\n".join((suite.home / "kinds.csv").read_text().splitlines()[:100]) + "\n")
    other = json.loads(suite.run("evaluate", trained["folder"], "other.csv", "--json").stdout)
    suite.check("other rows are no training data", not other["trained_on"] and other["parts"] == {}, other)
    for words in (["evaluate", trained["folder"], "kinds.csv"], ["explain", trained["folder"], "kinds.csv", "--row", "0"], ["check", trained["folder"], "kinds.csv"],
                  ["inspect", trained["folder"]], ["predict", trained["folder"], "kinds.csv"]):
        lines = suite.run(*words, "--json").stdout.splitlines()
        suite.check(f"{words[0]}: the digest of the model", json.loads(lines[0]).get("digest") == trained["digest"], lines[:1])
    history = json.loads(suite.run("inspect", trained["folder"], "--json").stdout)["history"]
    suite.check("the history stays in the model", [p["epoch"] for p in history] == [1, 2, 3], history)
    suite.is_error("--until asks for a number", suite.run("explain", trained["folder"], "kinds.csv", "--row", "0", "--until", "1"), 2, "E0121", "--until")
    copies = "".join(f"{i % 20},{i % 7}.5\n" for i in range(140))  # rows on both sides of the split
    (suite.home / "copies.csv").write_text("x,y\n" + copies * 2)
    coloured = suite.run("train", "copies.csv", "--target", "y", "--task", "regression", *SMALL, "--color", "always").stdout.decode()
    suite.check("warnings are yellow, once more after the result", coloured.count("\x1b[33m  ! warning") == 2, coloured)


def main():
    suite = Suite(sys.argv[1])
    for test in (test_idle_settings_from_everywhere, test_names_of_other_programs, test_errors_as_json, test_completions, test_reports_say_what_happened):
        test(suite)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
