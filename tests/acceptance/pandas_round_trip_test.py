"""Tables that pandas writes in every mixture of forms: rows, missing cells, types and means are those of the data frame, or a doubt was printed.

  pandas_round_trip_test.py PROGRAM [FILES]      needs pandas (tools/test_all brings it); nothing tells the program how a file was written
"""
import csv
import json
import math
import pathlib
import random
import sys
import tempfile

import pandas

import tables

DOUBTS = ("warning", "may be", "read as text", "give --", "differ in case")


def frame(draw):
    rows = draw.choice([25, 60, 200])
    share = draw.choice([0, 0, 0.1])
    lost = lambda value: None if draw.random() < share else value  # noqa: E731
    start = pandas.Timestamp("2019-01-01")
    return pandas.DataFrame({
        "whole": pandas.array([lost(draw.randint(-500, 100000)) for _ in range(rows)], dtype="Int64"),
        "cents": [lost(round(draw.uniform(-50, 5000), 2)) for _ in range(rows)],
        "thousandths": [lost(round(draw.uniform(0, 500), 3)) for _ in range(rows)],
        "tiny": [lost(draw.uniform(-1, 1) * 1e-7) for _ in range(rows)],
        "city": [lost(draw.choice(["Bonn", "Köln", "Ulm, Donau", 'the "old" town', " blank "])) for _ in range(rows)],
        "yes": [draw.random() < 0.5 for _ in range(rows)],
        "day": [lost(start + pandas.Timedelta(days=draw.randint(0, 2000), hours=draw.choice([0, 0, 7]))) for _ in range(rows)]})


class Form:
    def __init__(self, draw):
        self.sep = draw.choice([",", ";", "\t", "|"])
        self.quoting = draw.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
        self.lineterminator = draw.choice(["\n", "\r\n", "\r"])
        self.decimal = draw.choice([".", ","])
        self.thousands = draw.choice([None, None, ",", ".", " ", "'"])
        self.date_format = draw.choice([None, "%Y-%m-%d %H:%M", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d %b %Y", "%Y/%m/%d"])
        self.na_rep = draw.choice(["", "NA", "NaN", "null", "-"])
        self.header, self.index = draw.random() < 0.85, draw.random() < 0.2
        self.encoding = draw.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
        if self.thousands in (self.decimal, self.sep):
            self.thousands = None

    def write(self, data, path):
        data = data.copy()
        if self.thousands:
            for name, form in (("whole", "{:,.0f}"), ("cents", "{:,.2f}")):
                data[name] = [None if pandas.isna(v) else self.marks(form.format(float(v))) for v in data[name]]
        data.to_csv(path, sep=self.sep, quoting=self.quoting, lineterminator=self.lineterminator, decimal=self.decimal, date_format=self.date_format,
                    na_rep=self.na_rep, header=self.header, index=self.index, encoding=self.encoding)

    def marks(self, text):
        return text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)


def close(a, b):
    return a is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def differences(data, form, told):
    """What describe says otherwise than the frame."""
    columns = told["columns"][1 if form.index else 0:]
    if told["rows"] != len(data) or len(columns) != len(data.columns):
        return [f"{told['rows']} rows, {len(columns)} columns"]
    wrong = []
    for name, column in zip(data.columns, columns):
        truth = data[name]
        if column["missing"] != int(truth.isna().sum()):
            wrong.append(f"{name}: {column['missing']} missing for {int(truth.isna().sum())}")
        if name in ("whole", "cents", "thousandths", "tiny"):
            if column["type"] != "numeric" or not close(column["mean"], float(truth.mean())):
                wrong.append(f"{name}: {column['type']} {column.get('mean')} for mean {float(truth.mean())}")
        elif name == "day":
            days = truth.dropna() if form.date_format in (None, "%Y-%m-%d %H:%M") else truth.dropna().dt.normalize()
            mean = sum(t.timestamp() for t in days) / max(1, len(days))
            if column["type"] != "date" or not close(column["mean"], mean):
                wrong.append(f"day: {column['type']} {column.get('mean')} for {mean}")
        elif column["type"] not in ("categorical", "boolean", "text") or column["distinct"] != truth.nunique():
            wrong.append(f"{name}: {column['type']} of {column['distinct']}")
    return wrong


def main():
    program, files = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 900
    same = doubted = silent = 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "t.csv"
        for seed in range(files):
            draw = random.Random(seed)
            data, form = frame(draw), Form(draw)
            form.write(data, path)
            done = tables.run([program, "describe", path, "--json"])
            told = json.loads(done.stdout) if done.returncode == 0 else None
            wrong = ["refused"] if told is None else differences(data, form, told)
            said = told is None or any(word in note for note in told["notes"] for word in DOUBTS)
            same, doubted, silent = same + (not wrong), doubted + bool(wrong and said), silent + bool(wrong and not said)
            if wrong and not said:
                print(f"seed {seed} {vars(form)}: {wrong}")
    print(f"{files} files: {same} the same, {doubted} doubted, {silent} silently different")
    return tables.report("pandas round trip", same + doubted, silent)


if __name__ == "__main__":
    sys.exit(main())
