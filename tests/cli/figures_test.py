"""Figures as they are printed and written: digits that mean something, undefined ones as `-` and null, nothing that contradicts itself.

  figures_test.py PROGRAM
"""
import csv
import io
import json
import random
import re
import sys

import harness


def table(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def column(done, name):
    return [row[name] for row in csv.DictReader(io.StringIO(done.stdout.decode()))]


def offsets(suite):
    """Targets of any offset and size: as many different answers as rows, an r2 that fits the loss, and no nan or inf."""
    draw = random.Random(5)
    rows = [(round(draw.gauss(0, 1), 5), round(draw.gauss(0, 1), 5)) for _ in range(200)]
    for name, offset, size in (("time", 1.7e9, 100), ("julian", 2460000, 3), ("huge", 0, 1e200), ("tiny", 0, 1e-46), ("far", 1e12, 1e6)):
        path = suite.home / f"{name}.csv"
        table(path, ["a", "b", "y"], [[a, b, repr(offset + size * (2 * a - b))] for a, b in rows])
        done = suite.run("train", path, "--target", "y", "--hidden", "16", "--epochs", "60", "--lr", "0.01", "--threads", "1", "--out", name)
        text = done.stdout.decode()
        suite.check(f"{name}: trains", done.returncode == 0, done.stderr)
        suite.check(f"{name}: no inf or nan in the text", "inf" not in text and "nan" not in text, text)
        answers = column(suite.run("predict", name, path), "prediction")
        suite.check(f"{name}: different answers", len(set(answers)) == 200, len(set(answers)))
        suite.check(f"{name}: no more than 17 digits", all(len(a.lstrip("-").split("e")[0].replace(".", "").lstrip("0")) <= 17 for a in answers))
        lines = [json.loads(line) for line in suite.run("predict", name, path, "--json").stdout.splitlines()]
        suite.check(f"{name}: JSON has the same numbers", [float(a) for a in answers] == [line["prediction"] for line in lines])
        measured = json.loads(suite.run("evaluate", name, path, "--json").stdout)
        suite.check(f"{name}: r2 fits the loss", abs(1 - measured["loss"] - measured["r2"]) < 0.02, measured)
    plain = column(suite.run("predict", "p", "prices.csv"), "prediction")
    suite.check("no digits of noise", all(len(a.replace(".", "").lstrip("-0")) <= 11 for a in plain), plain[:3])


def undefined(suite):
    kinds = list(csv.reader(open(suite.home / "kinds.csv")))
    table(suite.home / "one.csv", kinds[0], [row for row in kinds[1:] if row[-1] == "low"])
    table(suite.home / "two.csv", kinds[0], [row for row in kinds[1:] if row[-1] != "low"])
    one, two = (json.loads(suite.run("evaluate", "k", f, "--json").stdout) for f in ("one.csv", "two.csv"))
    suite.check("AUC of one class is null", one["auc"] is None and one["auc_classes"] == 0, one)
    suite.check("AUC says over how many classes", two["auc"] is not None and two["auc_classes"] == 2, two)
    text = suite.run("evaluate", "k", "one.csv").stdout.decode()
    suite.check("AUC of one class is - and explained", re.search(r" -\s", text) and "not defined" in text, text)
    suite.check("2 of 3 classes", "2 of 3 classes" in suite.run("evaluate", "k", "two.csv").stdout.decode())
    prices = list(csv.reader(open(suite.home / "prices.csv")))
    table(suite.home / "same.csv", prices[0], [[*row[:-1], "123456.789"] for row in prices[1:8]])
    same = json.loads(suite.run("evaluate", "p", "same.csv", "--json").stdout)
    suite.check("r2 of a constant target is null", same["r2"] is None and same["rmse"] > 0, same)
    suite.check("r2 of a constant target is -", suite.run("evaluate", "p", "same.csv").stdout.decode().rstrip().endswith("-"))


def read_outs(suite):
    suite.train("kinds.csv", "kind", "h", "--loss", "hinge")
    done = suite.run("predict", "h", "kinds.csv")
    suite.check("hinge has scores", done.stdout.startswith(b"prediction,score_"), done.stdout[:60])
    line = json.loads(suite.run("predict", "h", "kinds.csv", "--json").stdout.splitlines()[0])
    suite.check("hinge has scores in JSON", "scores" in line and "probabilities" not in line, line)
    suite.check("hinge has no log loss", json.loads(suite.run("evaluate", "h", "kinds.csv", "--json").stdout)["log_loss"] is None)
    suite.train("prices.csv", "price", "d", "--dropout", "0.5")
    plain, sampled = suite.run("predict", "d", "prices.csv"), suite.run("predict", "d", "prices.csv", "--uncertainty")
    suite.check("--uncertainty changes no prediction", column(plain, "prediction") == column(sampled, "prediction"))
    suite.check("--uncertainty adds a spread", all(float(s) > 0 for s in column(sampled, "spread")))


def rates(suite):
    done = suite.run("train", "prices.csv", "--target", "price", "--hidden", "4", "--epochs", "3", "--lr", "0.1", "--schedule", "step:period=1,factor=0.1",
                     "--out", "r", "--json")
    history = json.loads(done.stdout)["history"]
    suite.check("an epoch shows its own rate", [round(p["learning_rate"], 9) for p in history] == [0.1, 0.01, 0.001], history)


def main():
    suite = harness.Suite(sys.argv[1])
    suite.train("kinds.csv", "kind", "k")
    suite.train("prices.csv", "price", "p")
    offsets(suite)
    undefined(suite)
    read_outs(suite)
    rates(suite)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
