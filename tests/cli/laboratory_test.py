"""`race` and `dropout` end to end: JSON, SVG, verdicts, errors, independence of threads."""
import json
import re
import sys
import xml.etree.ElementTree as xml

from harness import Suite

QUICK = ["--seeds", "6", "--tuning-seeds", "1", "--trials", "5", "--threads", "2"]
SMALL = ["--hidden", "6", "--epochs", "3"]


def without_times(value):
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in ("seconds", "epoch_seconds", "notes")}
    return [without_times(v) for v in value] if isinstance(value, list) else value


def surfaces(suite):
    done = suite.run("race", "--surface", "all", *QUICK, "--steps", "40", "--json", "--svg", "race.svg")
    suite.check("race --surface all", done.returncode == 0, done.stderr)
    races = json.loads(done.stdout)["races"]
    suite.check("five surfaces", [r["name"] for r in races] == ["valley", "saddle", "rosenbrock", "beale", "noisy-plateau"])
    for race in races:
        suite.check(f"{race['name']}: five lanes, ten pairs", len(race["lanes"]) == 5 and len(race["comparisons"]) == 10)
        suite.check(f"{race['name']}: one start for all", len({(lane["path"]["x"][0], lane["path"]["y"][0]) for lane in race["lanes"]}) == 1)
        means = [lane["score"]["mean"] for lane in race["lanes"]]
        suite.check(f"{race['name']}: best first", means == sorted(means))
        suite.check(f"{race['name']}: same budget", all(len(lane["trials"]) == 5 for lane in race["lanes"]))
        suite.check(f"{race['name']}: winner is a leader", race["winner"] in (race["leaders"][0], None) and race["verdict"])
    root = xml.parse(suite.home / "race.svg").getroot()
    suite.check("race.svg is SVG", root.tag.endswith("svg"))
    colours = {}
    for colour, name in re.findall(r'<line[^>]*class="curve c(\d)[^"]*"[^>]*/>\s*<text[^>]*>([^<]+)</text>', (suite.home / "race.svg").read_text()):
        colours.setdefault(name, set()).add(colour)
    suite.check("an optimiser has one colour on all surfaces", len(colours) > 2 and all(len(c) == 1 for c in colours.values()), colours)
    text = suite.run("race", "--surface", "valley", *QUICK)
    suite.check("race as text", b"95 %" in text.stdout and b"budget of each optimiser" in text.stdout, text.stdout[:300])
    suite.check("no line beyond 80 columns", all(len(line) <= 80 for line in text.stdout.decode().splitlines()), text.stdout.decode())


def data(suite):
    for table, target in (("kinds.csv", "kind"), ("prices.csv", "price")):
        runs = []
        for threads in ("1", "2"):
            done = suite.run("race", table, "--target", target, *QUICK, *SMALL, "--optimizers", "sgd,adam", "--threads", threads, "--json")
            suite.check(f"race {table}", done.returncode == 0, done.stderr)
            runs.append(without_times(json.loads(done.stdout)) if done.returncode == 0 else None)
        suite.check(f"race {table}: threads change nothing", runs[0] == runs[1])
        lane = runs[0]["races"][0]["lanes"][0] if runs[0] else {"curve": {"x": []}}
        suite.check(f"race {table}: a curve from the start on", lane["curve"]["x"] == [0, 1, 2, 3])
    seeded = [suite.run("race", "kinds.csv", "--target", "kind", *QUICK, *SMALL, "--seed", s, "--json").stdout for s in ("1", "2")]
    suite.check("another seed, another race", seeded[0] != seeded[1])


def dropout(suite):
    for table, target, key in (("kinds.csv", "kind", "calibration_error"), ("prices.csv", "price", "coverage_90")):
        runs = []
        for threads in ("1", "2"):
            done = suite.run("dropout", table, "--target", target, *SMALL, "--seeds", "3", "--rates", "0.2,0.5", "--threads", threads, "--json",
                             "--svg", "dropout.svg")
            suite.check(f"dropout {table}", done.returncode == 0, done.stderr)
            runs.append(without_times(json.loads(done.stdout)) if done.returncode == 0 else None)
        suite.check(f"dropout {table}: threads change nothing", runs[0] == runs[1])
        rows = runs[0]["rows"]
        suite.check(f"dropout {table}: none first, then four kinds at two rates", len(rows) == 9 and rows[0]["kind"] == "none" and key in rows[0])
        suite.check(f"dropout {table}: all masks hold", all(m["holds"] for m in runs[0]["masks"]) and len(runs[0]["masks"]) == 8)
        suite.check(f"dropout {table}: it recommends", runs[0]["recommended"]["text"])
        xml.parse(suite.home / "dropout.svg")
    done = suite.run("dropout", "kinds.csv", "--target", "kind", *SMALL, "--seeds", "2", "--activation", "selu", "--rates", "0.2", "--json")
    suite.check("behind selu alpha takes part", [r["kind"] for r in json.loads(done.stdout)["rows"]].count("alpha") == 1, done.stderr)
    text = suite.run("dropout", "kinds.csv", "--target", "kind", *SMALL, "--seeds", "2", "--rates", "0.2").stdout.decode()
    suite.check("dropout as text", "Masks drawn by the engine" in text and "no dropout" in text, text[:300])
    wide = [line for line in text.splitlines() if len(line) > 80]
    suite.check("no line of the tables beyond 80 columns", not [line for line in wide if line.startswith("  ")], wide)


def errors(suite):
    race = ["race", "kinds.csv", "--target", "kind", *SMALL]
    drop = ["dropout", "kinds.csv", "--target", "kind", *SMALL]
    cases = [
        ("neither data nor surface", ["race"], 2, "E0105", None),
        ("both", ["race", "kinds.csv", "--surface", "valley"], 2, "E0105", "kinds.csv"),
        ("a network for a surface", ["race", "--surface", "valley", "--hidden", "5"], 2, "E0105", "--hidden"),
        ("steps on data", [*race, "--steps", "5"], 2, "E0105", "--steps"),
        ("unknown surface", ["race", "--surface", "vally"], 2, "E0102", "--surface"),
        ("unknown optimiser", [*race, "--optimizers", "sgd,adamm"], 2, "E0202", None),
        ("unknown form", [*race, "--optimizers", "sgd,adam:foo"], 2, "E0203", None),
        ("one optimiser", [*race, "--optimizers", "sgd"], 2, "E0102", None),
        ("empty place in a list", [*race, "--optimizers", "sgd,,adam"], 2, "E0102", "--optimizers"),
        ("lbfgs", [*race, "--optimizers", "sgd,lbfgs"], 2, "E0106", None),
        ("rates are two", [*race, "--rates", "0.1"], 2, "E0102", "--rates"),
        ("rates in order", [*race, "--rates", "1,0.1"], 2, "E0102", None),
        ("a rate is a number", [*drop, "--rates", "0.1,x"], 2, "E0102", "--rates"),
        ("one seed", [*race, "--seeds", "1"], 2, "E0102", "--seeds"),
        ("a learning rate", [*race, "--lr", "0.1"], 2, "E0101", None),
        ("no validation rows", [*race, "--validation", "0"], 3, "E0326", None),
        ("missing file", ["race", "none.csv", "--target", "kind"], 4, "E0401", "none.csv"),
        ("unknown target", ["race", "kinds.csv", "--target", "knd"], 3, "E0311", None),
        ("dropout without data", ["dropout"], 2, "E0105", None),
        ("rate 1", [*drop, "--rates", "1"], 2, "E0204", None),
        ("alpha without selu", [*drop, "--kinds", "alpha"], 2, "E0206", None),
        ("unknown kind", [*drop, "--kinds", "invertd"], 2, "E0202", "--kinds"),
    ]
    for name, arguments, exit_code, code, place in cases:
        suite.is_error(name, suite.run(*arguments), exit_code, code, place)
    done = suite.run("race", "--surface", "valley", *QUICK, "--json", "--svg", "no/such/folder/x.svg")
    suite.check("SVG that cannot be written", done.returncode == 4 and b"E0421" in done.stderr, done.stderr)


def main():
    suite = Suite(sys.argv[1])
    for part in (surfaces, data, dropout, errors):
        part(suite)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
