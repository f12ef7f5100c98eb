"""The same row gets the same answer, bit for bit: alone, among all others, shuffled, and beside columns that the model does not know.

  reading_contract_test.py PROGRAM [ROUNDS]

Tables are written with separators, decimal marks, markers of missing cells and headers drawn at random, and models are trained on them with
the flags that this takes; prediction gets no flags. Besides two made-up tables those of $CHAINRULE_TABLES, when it is set.
"""
import csv
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import tables


class Style:
    """How a table is written, and the flags `train` needs for it."""

    def __init__(self, draw, has_text):
        self.separator = draw.choice([",", ";", "\t", "|"])
        self.decimal = draw.choice([".", ","]) if self.separator != "," else "."
        self.missing = draw.choice(["", "NA", "-999", "n.a."])
        self.header = draw.random() < 0.7
        self.comment = draw.random() < 0.3
        self.quote = draw.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
        self.encoding = draw.choice(["utf-8", "utf-8-sig", "latin-1" if has_text else "utf-8"])

    def flags(self):
        flags = ["--header"] if self.header else ["--no-header"]
        flags += ["--missing", self.missing] if self.missing in ("-999", "n.a.") else []
        flags += ["--comment", "#"] if self.comment else []
        flags += ["--decimal", ","] if self.decimal == "," else []
        return flags + (["--encoding", "latin-1"] if self.encoding == "latin-1" else [])

    def cell(self, text):
        if text == "":
            return self.missing
        return text.replace(".", ",") if self.decimal == "," and is_number(text) else text

    def write(self, path, header, rows):
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.separator, quoting=self.quote, lineterminator="\n")
        if self.header:
            writer.writerow(header)
        for i, row in enumerate(rows):
            if self.comment and i % 7 == 3:
                text.write("# no row\n")
            writer.writerow([self.cell(c) for c in row])
        path.write_bytes(text.getvalue().encode(self.encoding, "replace"))


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def predict(program, model, path):
    done = subprocess.run([program, "predict", model, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[1:]


def check(program, name, header, rows, target, flags, draw, folder):
    """Number of answers that differ, and of those compared."""
    style = Style(draw, any(not is_number(c) for c in rows[0]))
    style.write(folder / "train.csv", header, rows)
    wanted = target if style.header else str(header.index(target))
    drops = [f for f in flags if f]
    done = tables.run([program, "train", folder / "train.csv", "--target", wanted, "--epochs", "1", "--threads", "1", "--hidden", "8", "--out",
                       folder / "run", "--force", *style.flags(), *drops])
    assert done.returncode == 0, f"{name} {vars(style)}: {done.stderr}"
    sample = draw.sample(rows, min(len(rows), 40))
    style.write(folder / "all.csv", header, sample)
    answers = predict(program, folder / "run", folder / "all.csv")
    assert len(answers) == len(sample), f"{name}: {len(answers)} answers for {len(sample)} rows ({vars(style)})"
    differ = compared = 0

    def compare(got, expected, what):
        nonlocal differ, compared
        compared += len(expected)
        wrong = len(expected) if len(got) != len(expected) else sum(a != b for a, b in zip(got, expected))
        differ += wrong
        if wrong:
            print(f"{name}, {what}, {vars(style)}: {wrong} of {len(expected)} answers differ: {got[:1]} {expected[:1]}")

    for i in range(min(8, len(sample))):
        style.write(folder / "one.csv", header, [sample[i]])
        compare(predict(program, folder / "run", folder / "one.csv"), [answers[i]], f"row {i} alone")
    order = draw.sample(range(len(sample)), len(sample))
    style.write(folder / "shuffled.csv", header, [sample[i] for i in order])
    compare(predict(program, folder / "run", folder / "shuffled.csv"), [answers[i] for i in order], "shuffled")
    if style.header:
        odd = ["0.5", "1,5", "oops", "inf", "", "1.234,5", "2024-01-01"]
        more = [[draw.choice(odd), *row, draw.choice(odd)] for row in sample]
        style.write(folder / "more.csv", ["unknown_first", *header, "unknown_last"], more)
        compare(predict(program, folder / "run", folder / "more.csv"), answers, "unknown columns")
    return differ, compared


def made_up():
    draw = random.Random(5)
    rows = []
    for i in range(300):
        area, rooms, city = draw.uniform(20, 200), draw.randint(1, 7), draw.choice(["Köln", "Bonn", "Ulm"])
        price = 3 * area + 10 * rooms + draw.gauss(0, 5)
        rows.append([f"{area:.2f}" if i % 11 else "", str(rooms), city, f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}", f"{price:.3f}"])
    yield "prices", ["area", "rooms", "city", "day", "price"], rows, "price", []
    kinds = [[r[0], r[1], r[2], "large" if float(r[4]) > 360 else "small"] for r in rows]
    yield "sizes", ["area", "rooms", "city", "size"], kinds, "size", []


def real(folder):
    home = os.environ.get("CHAINRULE_TABLES")
    if not home:
        print("made-up tables alone: CHAINRULE_TABLES is not set")
        return
    home = pathlib.Path(home)
    for name, task in json.loads((home / "tasks.json").read_text()).items():
        if not task["header"]:
            continue
        subprocess.run([sys.executable, home / "score.py", "--write", name, "0", folder], check=True)
        with open(folder / "train.csv", newline="", encoding="utf-8") as file:
            head = file.readline()
            separator = max(",;\t", key=head.count)
            file.seek(0)
            header, *rows = csv.reader(file, delimiter=separator)
        keep = [i for i, column in enumerate(header) if column not in task.get("drop", [])]
        rows = [[row[i] for i in keep] for row in rows[:1500]]
        yield name, [header[i] for i in keep], rows, task["target"], ["--task", task["task"]]


def main():
    program, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for seed in range(rounds):
            draw = random.Random(seed)
            for name, header, rows, target, flags in [*made_up(), *real(folder)]:
                differ, compared = check(program, name, header, rows, target, flags, draw, folder)
                passed, failed = passed + compared - differ, failed + differ
    return tables.report("reading contract", passed, failed)


if __name__ == "__main__":
    sys.exit(main())
