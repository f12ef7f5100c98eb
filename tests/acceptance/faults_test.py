#!/usr/bin/env python3
"""Ten planted faults are found and called by the right name; ten healthy runs raise no alarm. `--long` also checks the trained models."""
import csv
import json
import math
import pathlib
import random
import sys
import tempfile

import tables

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "check.md"


class Bench:
    def __init__(self, binary, home):
        self.binary, self.home = str(pathlib.Path(binary).resolve()), pathlib.Path(home)
        self.passed = self.failed = 0

    def run(self, *arguments):
        return tables.run([self.binary, *arguments], cwd=self.home)

    def check(self, *arguments):
        """id -> item of `chainrule check`, and its exit code."""
        done = self.run("check", *arguments, "--json")
        if done.returncode not in (0, 1):
            raise RuntimeError(f"check {arguments}: exit {done.returncode}\n{done.stderr}")
        report = json.loads(done.stdout)
        items = {item["id"]: item for item in report["checks"]}
        self.verify(f"exit code and `passed` of {arguments}", report["passed"] == (done.returncode == 0)
                    and report["passed"] == all(item["severity"] != "failed" for item in items.values()), report)
        return items

    def verify(self, name, condition, detail=""):
        self.passed += bool(condition)
        self.failed += not condition
        if not condition:
            print(f"FAILED {name}: {detail}")

    def finds(self, fault, name, severity, words, *arguments):
        """The check `name` has this severity and its detail holds `words`."""
        item = self.check(*arguments).get(name, {})
        good = item.get("severity") in severity.split("|") and words in item.get("detail", "") and item.get("advice")
        self.verify(f"{fault} is called {name}", good, item)

    def write(self, name, header, rows):
        with open(self.home / name, "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(header)
            out.writerows(rows)
        return name


def sound_rows(rows=400, seed=3):
    """Three numeric columns and a class that two of them decide together, with some noise."""
    draw = random.Random(seed)
    for _ in range(rows):
        a, b, c = draw.gauss(0, 1), draw.gauss(5, 2), draw.uniform(-3, 3)
        yield [f"{a:.5f}", f"{b:.5f}", f"{c:.5f}", "yes" if a * (b - 5) + 0.3 * draw.gauss(0, 1) > 0 else "no"]


HEADER = ["a", "b", "c", "answer"]
TARGET = ("--target", "answer", "--hidden", "16,16")


def spec(layers, inputs=3, outputs=2):
    """A spec file's text; a layer is (units, activation, initializer, parameter)."""
    text = f'[network]\ninputs = {inputs}\n\n[network.loss]\nkind = "cross_entropy"\n'
    for units, activation, initializer, parameter in layers:
        text += f'\n[[network.layers]]\nunits = {units}\nactivation = "{activation}"\n'
        if initializer:
            text += f'initializer = "{initializer}"\ninitializer_parameter = {parameter}\n'
    return text + f'\n[[network.layers]]\nunits = {outputs}\nactivation = "identity"\n'


# ---- ten faults ----

def dead_layer(bench):
    table = bench.write("sound.csv", HEADER, sound_rows())
    (bench.home / "dead.toml").write_text(spec([(16, "relu", "", 0), (16, "relu", "constant", -0.5)]))
    bench.finds("a dead layer", "dead_units", "failed", "16 of 16 units of layer 1", table, "--target", "answer", "--spec", "dead.toml")


def exploding_rate(bench):
    table = bench.write("sound.csv", HEADER, sound_rows())
    draw = random.Random(4)
    numbers = bench.write("numbers.csv", ["x", "z", "y"], ([f"{(x := draw.gauss(0, 1)):.5f}", f"{(z := draw.gauss(0, 1)):.5f}", f"{x * z + x:.5f}"]
                                                           for _ in range(400)))
    bench.finds("an exploding rate", "learning_rate", "failed", "rate 1000", table, *TARGET, "--optimizer", "sgd", "--lr", "1000")
    flags = ("--target", "y", "--hidden", "16,16", "--activation", "gelu", "--optimizer", "sgd", "--lr")
    bench.finds("an exploding rate", "learning_rate", "failed", "", numbers, *flags, "5")
    divergence_report(bench, numbers, flags)


def divergence_report(bench, table, flags):
    done = bench.run("train", table, *flags, "5", "--out", "broken", "--early-stop", "0")
    page = bench.home / "broken" / "divergence.html"
    bench.verify("diverged: exit 5 and the page's path", done.returncode == 5 and "broken/divergence.html" in done.stderr, done.stderr)
    if not page.exists():
        return bench.verify("divergence.html exists", False)
    report = json.loads((page.parent / "divergence.json").read_text())
    bench.verify("the report names step, place and a bad value", report["step"] >= 1 and report["place"] in ("layer", "loss", "gradient", "update")
                 and report["value"] in ("inf", "-inf", "nan") and report["layer"] is not None and report["row_name"], report)
    steps = report["steps"]
    bench.verify("norms up to the failed step", steps and steps[-1]["step"] == report["step"]
                 and all(len(s["weights"]) == len(s["activations"]) == 3 for s in steps), steps[-1:])
    cures = {cure["change"]: cure for cure in report["cures"]}
    bench.verify("a rate survives from the start of the run, and the hint is its command", report["cure"] and report["cure"] in done.stderr, done.stderr)
    again = bench.run(*report["command"].split()[1:])
    bench.verify("the command takes the same step again", again.returncode == 5 and report["sentence"].split(" for row")[0] in again.stderr, again.stderr)
    bench.verify("taking it again keeps the report", json.loads((page.parent / "divergence.json").read_text()) == report)
    for cure in report["cures"]:  # what is said to survive is true when trained from the start for as long
        if cure["survived"]:
            epochs = str(report["tried_to"] // 11)  # 340 rows in batches of 32
            extra = cure["setting"].split()
            command = ["train", table, *flags, "5", "--out", "cured", "--early-stop", "0", "--epochs", epochs]
            if extra[0] == "--lr":
                command[command.index("5")] = extra[1]
            else:
                command += extra
            bench.verify(f"{cure['change']} survives from the start too", bench.run(*command).returncode == 0, cure)


def unscaled_column(bench):
    rows = [[a, f"{float(b) * 1e9:.6g}", c, answer] for a, b, c, answer in sound_rows()]
    bench.finds("a column times 1e9", "unscaled_column", "warning|failed", '"b"', bench.write("scaled.csv", HEADER, rows), *TARGET)
    rows = list(sound_rows())
    rows[17][2] = "1e9"
    bench.finds("one value of 1e9", "unscaled_column", "failed", '"c", line 19', bench.write("spike.csv", HEADER, rows), *TARGET)


def zero_initialisation(bench):
    table = bench.write("sound.csv", HEADER, sound_rows())
    bench.finds("all-zero initialisation", "symmetric_units", "failed", "16 of 16", table, *TARGET, "--init", "zeros")


def label_leak(bench):
    rows = [[*row, {"yes": "17", "no": "4"}[row[3]]] for row in sound_rows()]
    bench.finds("a code for the class", "leak", "failed", '"code"', bench.write("leak.csv", [*HEADER, "code"], rows), *TARGET)
    tables.regression(bench.home / "prices.csv", rows=400)
    with open(bench.home / "prices.csv", newline="") as file:
        header, *rows = csv.reader(file)
    taxed = [[*row, f"{float(row[4]) * 1.19:.2f}"] for row in rows]
    bench.finds("the target with tax", "leak", "failed", '"gross"', bench.write("taxed.csv", [*header, "gross"], taxed), "--target", "price",
                "--hidden", "16")


def constant_column(bench):
    rows = [[a, b, c, "7", answer] for a, b, c, answer in sound_rows()]
    bench.finds("a constant column", "constant_column", "warning", '"d"', bench.write("constant.csv", ["a", "b", "c", "d", "answer"], rows), *TARGET)


def saturated_sigmoids(bench):
    table = bench.write("sound.csv", HEADER, sound_rows())
    (bench.home / "saturated.toml").write_text(spec([(24, "sigmoid", "normal", 40)] * 4))
    bench.finds("a saturated sigmoid stack", "saturated_units", "failed", "layer 0", table, "--target", "answer", "--spec", "saturated.toml")
    bench.finds("a deep sigmoid stack", "gradient_flow", "warning", "layer 0", table, "--target", "answer", "--activation", "sigmoid", "--hidden",
                ",".join(["24"] * 10))


def wrong_loss(bench):
    rows = [[a, b, c, {"yes": "1", "no": "0"}[answer]] for a, b, c, answer in sound_rows()]
    bench.finds("squared error on two classes", "wrong_loss", "failed", "2 distinct", bench.write("bits.csv", HEADER, rows), *TARGET, "--task", "regression")
    draw = random.Random(8)
    rows = [[f"{draw.gauss(0, 1):.5f}" for _ in range(4)] for _ in range(200)]
    bench.finds("cross-entropy on a continuous target", "wrong_loss", "failed", "200 distinct", bench.write("many.csv", HEADER, rows), *TARGET,
                "--task", "classification", "--validation", "0")


def duplicate_rows(bench):
    rows = list(sound_rows())
    table = bench.write("copies.csv", HEADER, rows + rows[:80])
    bench.finds("copied rows", "duplicate_rows", "warning", "80 of 480", table, *TARGET)
    bench.finds("copied rows across the split", "split_overlap", "failed", "training rows", table, *TARGET, "--validation", "0.3")
    sound = bench.write("sound.csv", HEADER, rows)
    # The same columns in another order, quoted differently: rows are compared by their values.
    held = bench.write("held.csv", ["answer", "c", "a", "b"], [[r[3], r[2] + "0", r[0], r[1]] for r in rows[:30] + list(sound_rows(30, seed=9))])
    bench.finds("training rows in the validation file", "split_overlap", "failed", "30 of 60", sound, *TARGET, "--validation", held)


def one_nan_cell(bench):
    rows = list(sound_rows())
    rows[41][1] = "nan"
    bench.finds("one NaN cell", "missing_cells", "warning", '"b": line 43', bench.write("nan.csv", HEADER, rows), *TARGET)


FAULTS = [dead_layer, exploding_rate, unscaled_column, zero_initialisation, label_leak, constant_column, saturated_sigmoids, wrong_loss,
          duplicate_rows, one_nan_cell]


# ---- ten healthy runs: (table, target, flags) ----

def healthy_tables(bench):
    draw = random.Random(21)
    normal = lambda: draw.gauss(0, 1)  # noqa: E731
    tables.classification(bench.home / "kinds.csv", rows=500)
    tables.regression(bench.home / "homes.csv", rows=500)
    wave = bench.write("wave.csv", ["t", "height"], ([f"{(t := draw.uniform(-3, 3)):.4f}", f"{math.sin(2 * t) + 0.1 * normal():.4f}"] for _ in range(300)))
    wide = []
    for _ in range(400):
        x = [normal() for _ in range(40)]
        wide.append([*(f"{v:.4f}" for v in x), "up" if sum(x[:6]) + 0.5 * normal() > 0 else "down"])
    wide = bench.write("wide.csv", [*(f"x{i}" for i in range(40)), "way"], wide)
    words = []
    for _ in range(500):
        shape, tone, size = draw.choice("ABCD"), draw.choice("uvw"), draw.choice(["small", "large"])
        odds = 0.8 if (shape in "AB") == (size == "small") else 0.25
        words.append([shape, tone, size, "true" if draw.random() < odds else "false"])
    words = bench.write("words.csv", ["shape", "tone", "size", "sold"], words)
    rare = []
    for _ in range(600):
        a, b = normal(), normal()
        rare.append([f"{a:.4f}", f"{b:.4f}", f"{normal():.4f}", "fraud" if a + b + 0.6 * normal() > 2.4 else "fine"])
    rare = bench.write("rare.csv", ["a", "b", "c", "verdict"], rare)
    counts = []
    for _ in range(400):
        hour, rain = draw.uniform(0, 24), draw.random()
        mean = math.exp(2.5 + math.sin(hour / 4) - rain)
        counts.append([f"{hour:.2f}", f"{rain:.3f}", sum(draw.random() < mean / 100 for _ in range(100))])
    counts = bench.write("counts.csv", ["hour", "rain", "bikes"], counts)
    tiny = bench.write("tiny.csv", ["u", "v", "w"], ([f"{(u := normal()):.3f}", f"{(v := normal()):.3f}", f"{u - 0.5 * v + 0.2 * normal():.3f}"] for _ in range(60)))
    moons = []
    for i in range(500):
        angle, side = draw.uniform(0, math.pi), i % 2
        x, y = (math.cos(angle), math.sin(angle)) if side else (1 - math.cos(angle), 0.5 - math.sin(angle))
        moons.append([f"{x + 0.1 * normal():.4f}", f"{y + 0.1 * normal():.4f}", side])
    moons = bench.write("moons.csv", ["x", "y", "side"], moons)
    wages = []
    for _ in range(500):  # a heavy tail and a date
        years, grade = draw.randint(0, 40), draw.choice(["junior", "senior", "chief"])
        pay = math.exp(9.5 + 0.02 * years + {"junior": 0, "senior": 0.4, "chief": 1.1}[grade] + 0.4 * normal())
        wages.append([f"20{draw.randint(10, 24)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}", years, grade, f"{math.exp(2 * normal()):.4f}", f"{pay:.2f}"])
    wages = bench.write("wages.csv", ["since", "years", "grade", "bonus", "pay"], wages)
    return [("kinds.csv", "kind", ["--hidden", "32,32"]),
            ("homes.csv", "price", ["--hidden", "64", "--activation", "gelu", "--optimizer", "adam", "--lr", "0.003"]),
            (wave, "height", ["--hidden", "32,32", "--activation", "tanh", "--optimizer", "sgd", "--lr", "0.05"]),
            (wide, "way", ["--hidden", "48,24", "--dropout", "0.3", "--optimizer", "momentum", "--lr", "0.05"]),
            (words, "sold", ["--hidden", "16", "--activation", "sigmoid", "--optimizer", "rmsprop"]),
            (rare, "verdict", ["--hidden", "32,16", "--class-weights", "balanced", "--activation", "silu", "--optimizer", "nadam"]),
            (counts, "bikes", ["--task", "regression", "--loss", "poisson", "--hidden", "24,24", "--activation", "softplus", "--optimizer", "adam"]),
            (tiny, "w", ["--hidden", "8", "--activation", "selu", "--optimizer", "lbfgs"]),
            (moons, "side", ["--hidden", "24,24,24", "--norm", "layer", "--optimizer", "adamw", "--lr", "0.01"]),
            (wages, "pay", ["--hidden", "32,32", "--residual", "--activation", "leaky_relu", "--loss", "huber", "--optimizer", "lion", "--lr", "0.0003"])]


def no_alarm(bench, what, items):
    bad = {name: item["detail"] for name, item in items.items() if item["severity"] != "passed"}
    bench.verify(f"no alarm on {what}", not bad, bad)


def healthy(bench, long):
    seen = {}
    for table, target, flags in healthy_tables(bench):
        items = bench.check(table, "--target", target, *flags)
        no_alarm(bench, f"{table} {flags}", items)
        seen.update(items)
        if not long:
            continue
        done = bench.run("train", table, "--target", target, *flags, "--out", "model-" + table, "--epochs", "60")
        bench.verify(f"{table} trains", done.returncode == 0, done.stderr)
        no_alarm(bench, f"the model of {table}", bench.check("model-" + table, table))
    documented = DOCS.read_text()
    bench.verify("docs/check.md has every id", all(f"`{name}`" in documented for name in seen), sorted(seen))


def main():
    long = "--long" in sys.argv
    with tempfile.TemporaryDirectory(prefix="chainrule-faults-") as home:
        bench = Bench(sys.argv[1], home)
        for fault in FAULTS:
            fault(bench)
        healthy(bench, long)
    return tables.report("faults", bench.passed, bench.failed)


if __name__ == "__main__":
    sys.exit(main())
