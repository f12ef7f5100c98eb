#!/usr/bin/env python3
"""`explain` end to end: scopes, rankings, accounting, counterfactuals that really flip, formats, errors.   explain_test.py BINARY"""
import csv
import io
import json
import math
import random
import re
import sys

from harness import Suite


def mixed_table(path, rows=240):
    """Numbers, a whole-number column, a category and a class that follows from all of them."""
    rng = random.Random(7)
    with open(path, "w", newline="") as file:
        write = csv.writer(file).writerow
        write(["area", "rooms", "district", "age", "verdict"])
        for _ in range(rows):
            area, rooms, age = round(rng.uniform(40, 200), 1), rng.randint(1, 7), round(rng.uniform(0, 90), 1)
            district = rng.choice(["north", "south", "harbour"])
            score = area / 40 + rooms / 2 + {"north": -1, "south": 0, "harbour": 2}[district] - age / 60 + rng.gauss(0, 0.2)
            write([area, rooms, district, age, "dear" if score > 5 else "cheap"])


def object_of(suite, name, *arguments):
    done = suite.run("explain", *arguments, "--json")
    suite.check(f"{name}: exit code", done.returncode == 0, done.stderr.decode()[:300])
    try:
        return json.loads(done.stdout)
    except ValueError:
        suite.check(f"{name}: one JSON object", False, done.stdout[:200])
        return {}


def near(a, b, tolerance):
    return abs(a - b) <= tolerance * max(abs(a), abs(b))


def test_scopes(suite):
    row = object_of(suite, "row", "mixed", "mixed.csv", "--row", "5")
    suite.check("row names itself", row.get("row") == 5 and "line 7" in row.get("rows_text", "") and row.get("truth") in ("dear", "cheap"), row.get("rows_text"))
    suite.check("row has traces", all(len(layer["z"]) == layer["units"] for layer in row.get("layers", [])) and row.get("layers"), "")
    part = object_of(suite, "range", "mixed", "mixed.csv", "--rows", "10:30")
    suite.check("range counts", part.get("rows") == 20 and part.get("row_numbers") == list(range(10, 30)), part.get("rows"))
    batch = object_of(suite, "batch", "mixed", "mixed.csv", "--batch", "1")
    suite.check("batch is training's", batch.get("rows") == 32 and len(set(batch.get("row_numbers", []))) == 32, batch.get("rows"))
    suite.check("batch knows the run's rows", "the run's own 204 of 240" in " ".join(batch.get("notes", [])), batch.get("notes"))
    whole = object_of(suite, "data set", "mixed", "mixed.csv")
    measured = json.loads(suite.run("evaluate", "mixed", "mixed.csv", "--json").stdout)
    suite.check("the data set's loss is evaluate's", near(whole.get("loss", 0), measured["loss"], 1e-5), (whole.get("loss"), measured["loss"]))
    mean = sum(object_of(suite, "rows", "mixed", "mixed.csv", "--row", n)["loss"] for n in (10, 11)) / 2
    suite.check("a range is the mean of its rows", near(object_of(suite, "two", "mixed", "mixed.csv", "--rows", "10:12")["loss"], mean, 1e-9), mean)


def test_blame(suite):
    for by in ("weight", "unit", "layer", "column"):
        thing = object_of(suite, f"by {by}", "mixed", "mixed.csv", "--by", by, "--top", "1000")
        blame = thing.get("blame", [])
        suite.check(f"by {by}: ranked", [abs(b["gradient"]) for b in blame] == sorted((abs(b["gradient"]) for b in blame), reverse=True), "")
        suite.check(f"by {by}: shares add up", near(sum(b["share"] for b in blame), 1, 1e-9), sum(b["share"] for b in blame))
        suite.check(f"by {by}: predictions come true", all(near(b["predicted"], b["measured"], 0.05) for b in blame[:5]), blame[:5])
        if by == "column":
            suite.check("columns are the table's", sorted(b["column"] for b in blame) == ["age", "area", "district", "rooms"], blame)
    chain = object_of(suite, "weight", "mixed", "mixed.csv", "--row", "3", "--weight", "layers.0.weight[2,1]")["chain"]
    product = math.prod(f["value"] for f in chain["factors"])
    suite.check("factors multiply to the gradient", chain["weight"] == "layers.0.weight[2,1]" and abs(product - chain["gradient"]) <= 1e-12, chain)
    chain = object_of(suite, "rows", "mixed", "mixed.csv", "--rows", "0:50", "--weight", "layers.1.bias[0]")["chain"]
    suite.check("parts of rows add up", near(sum(r["product"] for r in chain["rows"]) + chain["other_rows"], chain["gradient"], 1e-9), chain)
    ratios = [n["measured"] / n["predicted"] for n in chain["nudges"]]
    suite.check("the ratio tends to 1", abs(ratios[-1] - 1) < 0.02 and abs(ratios[-1] - 1) < abs(ratios[0] - 1), ratios)


def test_step(suite):
    step = object_of(suite, "step", "mixed", "mixed.csv", "--rows", "0:40").get("step") or {}
    suite.check("step says its optimiser and state", "adamw" in step.get("optimizer", "") and "fresh state" in step.get("optimizer", ""), step.get("optimizer"))
    suite.check("a step lowers the loss as predicted", step.get("predicted", 1) < 0 and step.get("measured", 1) < 0, step)
    suite.check("second order is nearer", abs(step["second_order"] - step["measured"]) <= abs(step["predicted"] - step["measured"]), step)


def test_rows_behind_a_weight(suite):
    thing = object_of(suite, "pulls", "mixed", "mixed.csv", "--pulls", "--top", "500")
    pulls = thing.get("pulls") or {}
    suite.check("pulls count every row", pulls.get("raising", 0) + pulls.get("lowering", 0) + pulls.get("indifferent", 0) == 240, pulls.get("raising"))
    both = sum(p["gradient"] for p in pulls.get("raise", []) + pulls.get("lower", []))
    suite.check("pulls add up to the gradient", near(both, thing["chain"]["gradient"], 1e-9) and near(pulls["net"], both, 1e-9), (both, thing["chain"]["gradient"]))
    for model, exact in (("mixed", False), ("plain", True)):
        moved = object_of(suite, f"movers {model}", model, "mixed.csv", "--movers", "--steps", "20", "--top", "1000").get("movers") or {}
        suite.check(f"movers {model}: exact or not is said", moved.get("exact") is exact, moved.get("exact"))
        total = sum(r["moved"] for r in moved.get("rows", [])) + sum(moved.get("others", {}).values())
        suite.check(f"movers {model}: contributions are the movement", near(total, moved["end"] - moved["start"], 1e-9) and moved["gap"] < 1e-10, (total, moved["moved"]))
        suite.check(f"movers {model}: weight decay is its own entry", ("weight decay" in moved["others"]) is not exact, moved["others"])
        suite.check(f"movers {model}: visits", sum(r["visits"] for r in moved["rows"]) <= 20 * 32, "")


def flipped(suite, change, row):
    """Predicts the changed row with `predict`, as anybody would."""
    with open(suite.home / "mixed.csv", newline="") as file:
        table = list(csv.reader(file))
    cells = dict(zip(table[0], table[row + 1]))
    cells.update({c["column"]: c["to"] for c in change["changes"]})
    with open(suite.home / "changed.csv", "w", newline="") as file:
        csv.writer(file).writerows([table[0], *table[1:], [cells[name] for name in table[0]]])
    done = suite.run("predict", "mixed", "changed.csv")
    return list(csv.reader(io.StringIO(done.stdout.decode())))[-1][0]


def test_counterfactual(suite):
    for row in (0, 7, 21, 90):
        thing = object_of(suite, f"flip {row}", "mixed", "mixed.csv", "--row", row, "--counterfactual").get("counterfactual") or {}
        suite.check(f"flip {row}: found", thing.get("found") is True, thing)
        for kind in ("closest", "fewest"):
            change = thing.get(kind) or {"changes": [], "answer": ""}
            suite.check(f"flip {row} {kind}: predict agrees", flipped(suite, change, row) == change["answer"] != thing.get("before"), change)
            suite.check(f"flip {row} {kind}: rooms stay whole", all(float(c["to"]).is_integer() for c in change["changes"] if c["column"] == "rooms"), change)
            suite.check(f"flip {row} {kind}: levels exist", all(c["to"] in ("north", "south", "harbour") for c in change["changes"] if c["column"] == "district"), change)
        suite.check(f"flip {row}: fewest has no more columns", len(thing["fewest"]["changes"]) <= len(thing["closest"]["changes"]), thing)
        suite.check(f"flip {row}: closest is no farther", thing["closest"]["distance"] <= thing["fewest"]["distance"] * 1.02, thing)
    held = object_of(suite, "hold", "mixed", "mixed.csv", "--row", "0", "--counterfactual", "--hold", "area,district")["counterfactual"]
    suite.check("held columns stay", not any(c["column"] in ("area", "district") for c in (held.get("closest") or {"changes": []})["changes"]), held)
    before = json.loads(suite.run("predict", "prices", "prices.csv", "--json").stdout.splitlines()[4])["prediction"]
    for until in (3, -3):
        thing = object_of(suite, f"until {until}", "prices", "prices.csv", "--row", "4", f"--until={until}")["counterfactual"]
        got = thing["closest"]["score"] - before if thing["found"] else 0
        suite.check(f"until {until}: moved so far", thing["found"] and got * until > 0 and abs(got) >= 0.999 * abs(until), (before, thing))


def test_formats(suite):
    for words in ([], ["--row", "2", "--counterfactual"], ["--by", "column", "--pulls", "--movers", "--steps", "5"], ["--rows", "0:9", "--by", "layer"]):
        done = suite.run("explain", "mixed", "mixed.csv", *words, env={"COLUMNS": "80"})
        lines = done.stdout.decode().splitlines()
        suite.check(f"table {words}", done.returncode == 0 and lines and max(map(len, lines)) <= 80, max(lines, key=len, default=""))
    page = suite.run("explain", "mixed", "mixed.csv", "--row", "1", "--counterfactual", "--pulls", "--movers", "--format", "html", "-o", "why.html")
    html = (suite.home / "why.html").read_text() if page.returncode == 0 else ""
    suite.check("html is written whole", page.returncode == 0 and page.stdout == b"" and html.rstrip().endswith("</html>"), page.stderr)
    suite.check("html needs nothing else", not re.search(r'(?:src|href)\s*=|@import|url\(', html), "external reference")
    dot = suite.run("explain", "mixed", "mixed.csv", "--format", "dot").stdout.decode()
    suite.check("dot is a graph of columns and units", dot.startswith("digraph") and '"district=harbour"' in dot and dot.count("->") > 5 and dot.count("{") == dot.count("}"), dot[:300])
    suite.check("--format json is --json", suite.run("explain", "mixed", "mixed.csv", "--row", "1", "--format", "json").stdout == suite.run("explain", "mixed", "mixed.csv", "--row", "1", "--json").stdout, "")


def test_errors(suite):
    def error(name, exit_code, code, place, *words):
        suite.is_error(name, suite.run("explain", "mixed", "mixed.csv", *words), exit_code, code, place)
    error("no such row", 3, "E0329", "row 999", "--row", "999")
    error("no such rows", 3, "E0329", "rows 5:5", "--rows", "5:5")
    error("no such batch", 3, "E0329", "batch 99", "--batch", "99")
    error("bad range", 2, "E0102", "7", "--rows", "7")
    error("two scopes", 2, "E0105", "--rows", "--rows", "1:2", "--row", "1")
    error("unknown weight", 2, "E0111", "layers.0.wight", "--weight", "layers.0.wight[0,0]")
    error("index too large", 2, "E0111", "[99,0]", "--weight", "layers.0.weight[99,0]")
    error("counterfactual of many rows", 2, "E0112", "one row", "--counterfactual")
    error("steps alone", 2, "E0105", "--steps", "--steps", "3")
    error("unknown column to hold", 3, "E0310", "aera", "--row", "1", "--counterfactual", "--hold", "aera")
    error("two formats", 2, "E0105", "--format", "--json", "--format", "dot")
    suite.is_error("regression without amount", suite.run("explain", "prices", "prices.csv", "--row", "1", "--counterfactual"), 2, "E0112", "class to flip")


def main():
    suite = Suite(sys.argv[1])
    mixed_table(suite.home / "mixed.csv")
    suite.train("mixed.csv", "verdict", "mixed", "--epochs", "12", "--hidden", "12,8", "--activation", "gelu")
    suite.train("mixed.csv", "verdict", "plain", "--optimizer", "momentum", "--lr", "0.1")
    suite.train("prices.csv", "price", "prices", "--epochs", "30")
    for test in (test_scopes, test_blame, test_step, test_rows_behind_a_weight, test_counterfactual, test_formats, test_errors):
        test(suite)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
