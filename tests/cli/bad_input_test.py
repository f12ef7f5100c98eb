#!/usr/bin/env python3
"""Bad input of every kind: one error with place and hint, the documented exit code, nothing half written.   bad_input_test.py BINARY"""
import json
import os
import random
import struct
import subprocess
import sys

from harness import ENVIRONMENT, Suite

FEW = ["--epochs", "1", "--hidden", "4", "--threads", "1"]


def rows(count, line=lambda i: f"{i},{i % 7},{i * 3 % 11}"):
    return "".join(line(i) + "\n" for i in range(count))


HEAD = "a,b,y\n"
LARGE = 400_000

# name: (bytes of the table, target, exit code, code, place)
TEXT_TABLES = {
    "empty file": (b"", "y", 3, "E0302", "bad.csv"),
    "header only": (b"a,b,y\n", "y", 3, "E0303", "bad.csv"),
    "ragged row": ((HEAD + rows(20) + "1,2\n" + rows(20)).encode(), "y", 3, "E0307", "line 22"),
    "unclosed quote": ((HEAD + rows(5) + '1,"2,3\n' + rows(20)).encode(), "y", 3, "E0308", "line 7"),
    "NUL byte": ((HEAD + rows(5)).encode() + b"1,\0,3\n" + rows(9).encode(), "y", 3, "E0304", "bad.csv"),
    "UTF-16 without a mark": ((HEAD + rows(20)).encode("utf-16-le"), "y", 3, "E0305", "bad.csv"),
    "1e999": ((HEAD + rows(20) + "1e999,2,3\n" + rows(20)).encode(), "y", 3, "E0309", "line 22"),
    "inf": ((HEAD + rows(20) + "inf,2,3\n" + rows(20)).encode(), "y", 3, "E03..", "line 22"),
    "unknown target": ((HEAD + rows(20)).encode(), "z", 3, "E031[01]", "z"),
    "constant target": ((HEAD + rows(50, lambda i: f"{i},{i % 7},2.5")).encode(), "y", 3, "E031[23]", "y"),
    "one class only": ((HEAD + rows(50, lambda i: f"{i},{i % 7},cat")).encode(), "y", 3, "E031[23]", "y"),
    "only column all missing": (("a,y\n" + rows(50, lambda i: f",{i}")).encode(), "y", 3, "E0314", "bad.csv"),
    "target all missing": ((HEAD + rows(50, lambda i: f"{i},{i % 7},")).encode(), "y", 3, "E03..", "y"),
    "target missing in one row": ((HEAD + rows(50) + "1,2,\n").encode(), "y", 3, "E0315", "line 52"),
    "nan text in the target": ((HEAD + rows(50) + "1,2,nan\n" + rows(50)).encode(), "y", 3, "E03..", "line 52"),
    "broken gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\3garbage", "y", 4, "E043.", "bad.csv"),
    "broken zstd": (b"\x28\xb5\x2f\xfd" + bytes(40), "y", 4, "E043.", "bad.csv"),
    "broken NPZ": (b"PK\3\4" + bytes(60), "y", 3, "E0339", "bad.csv"),
    "Parquet": (b"PAR1" + bytes(60), "y", 3, "E0318", "bad.csv"),
}


def listing(suite):
    return sorted(str(path.relative_to(suite.home)) for path in suite.home.rglob("*"))


def train_fails(suite, name, arguments, exit_code, code=None, place=None, **options):
    """The run fails as documented and leaves the folder as it was."""
    before = listing(suite)
    done = suite.run("train", *arguments, *FEW, **options)
    suite.is_error(name, done, exit_code, code, place)
    left = sorted(set(listing(suite)) - set(before))
    suite.check(f"{name}: nothing half written", not left, left)


def test_text_tables(suite):
    for name, (content, target, exit_code, code, place) in TEXT_TABLES.items():
        (suite.home / "bad.csv").write_bytes(content)
        train_fails(suite, name, ["bad.csv", "--target", target], exit_code, code, place)
    train_fails(suite, "missing file", ["nowhere.csv", "--target", "y"], 4, "E0401", "nowhere.csv")
    train_fails(suite, "folder without data", [".", "--target", "y"], 3, "E0335")
    with open(suite.home / "bad.csv", "w") as file:
        file.write(HEAD + rows(LARGE - 1) + "1,oops,3\n" + rows(1000))
    train_fails(suite, "wrong type in row 400,000", ["bad.csv", "--target", "y"], 3, "E0301", 'line 400001, column 1 ("b")')


def test_usage(suite):
    data = ["prices.csv", "--target", "price"]
    cases = {
        "unknown flag": (data + ["--epoch", "3"], "E0101", "--epoch"),
        "unknown optimiser": (data + ["--optimizer", "adamm"], "E0202", "adamm"),
        "unknown form of an optimiser": (data + ["--optimizer", "adam:trch"], "E0203", "trch"),
        "unknown activation": (data + ["--activation", "rellu"], "E0202", "rellu"),
        "negative learning rate": (data + ["--lr", "-0.1"], "E0102", "--lr"),
        "negative dropout": (data + ["--dropout", "-0.1"], "E0102|E0204", "-0.1"),
        "dropout of 1": (data + ["--dropout", "1"], "E0102|E0204", "1"),
        "hidden 0": (data + ["--hidden", "0"], "E0102|E0201", "0"),
        "validation beyond all numbers": (data + ["--validation", "1e999"], "E0102", "shares"),
        "test below all numbers": (data + ["--test", "-1e999"], "E0102", "shares"),
        "test not set": (data + ["--test", ""], "E0102", "--test"),
        "hidden text": (data + ["--hidden", "12,x"], "E0102|E0201", "x"),
        "huge hidden": (data + ["--hidden", "99999999999999999999"], "E0102|E0201", "9999"),
        "epochs text": (data + ["--epochs=many"], "E0102", "many"),
        "nan learning rate": (data + ["--lr", "nan"], "E0102", "nan"),
        "no data": ([], "E0105", "DATA"),
    }
    for name, (arguments, code, place) in cases.items():
        before = listing(suite)
        suite.is_error(name, suite.run("train", *arguments), 2, code, place)
        suite.check(f"{name}: nothing half written", listing(suite) == before, listing(suite))
    suite.is_error("unknown command", suite.run("trian"), 2, "E0101", "trian")


def test_config(suite):
    for name, text, code, place in (("unknown key", "lr = 0.1\nepoch = 3\n", "E0103", "line 2, column 1"),
                                    ("wrong type", "epochs = true\n", "E0104", "line 1"),
                                    ("bad value", 'batch = "many"\n', "E0102", "line 1"),
                                    ("not TOML", "epochs == 3\n", "E0104", "line 1"), ("binary", "\0\1\2", "E0104", "line 1")):
        (suite.home / "bad.toml").write_text(text)
        train_fails(suite, f"config: {name}", ["prices.csv", "--target", "price", "--config", "bad.toml"], 2, code, place)
        (suite.home / "bad.toml").write_text(text)
        done = suite.run("train", "prices.csv", "--target", "price", "--spec", "bad.toml")
        suite.is_error(f"spec: {name}", done, 2, "E02..")


def idx(dims, data, kind=8, zeros=b"\0\0"):
    return zeros + bytes([kind, len(dims)]) + b"".join(struct.pack(">I", d) for d in dims) + data


def test_idx(suite):
    cases = {"truncated": idx([10, 28, 28], bytes(100)), "oversized": idx([2, 2, 2], bytes(9)), "lying": idx([2**32 - 1] * 3, bytes(100)),
             "product overflows": idx([2**31, 2**31, 4], bytes(100)), "no dimensions": idx([], b""), "header cut": idx([10, 28, 28], b"")[:7],
             "zero rows": idx([0, 28, 28], b""), "unknown type": idx([2, 2], bytes(4), kind=7)}
    for name, content in cases.items():
        (suite.home / "bad.idx").write_bytes(content)
        suite.is_error(f"IDX {name}", suite.run("describe", "bad.idx"), 3, "E03..", "bad.idx")
    folder = suite.home / "images"
    folder.mkdir()
    (folder / "train-images-idx3-ubyte").write_bytes(idx([10, 2, 2], bytes(40)))
    suite.is_error("IDX without labels", suite.run("describe", "images"), 3, "E03..", "images")
    (folder / "train-labels-idx1-ubyte").write_bytes(idx([9], bytes(9)))
    suite.is_error("IDX with too few labels", suite.run("describe", "images"), 3, "E0334", "images")


def npy(header, data, version=b"\1\0", length=None):
    text = (header + " " * (63 - (10 + len(header)) % 64) + "\n").encode()
    return b"\x93NUMPY" + version + struct.pack("<H", len(text) if length is None else length) + text + data


def test_npy(suite):
    shape = "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }"
    good = npy(shape % "4, 2", bytes(32))
    cases = {"truncated": good[:-1], "oversized": good + b"\0", "lying": npy(shape % "9223372036854775807, 2", bytes(32)),
             "product overflows": npy(shape % "4294967296, 4294967296", bytes(32)), "negative": npy(shape % "-4, 2", bytes(32)),
             "header too long": npy(shape % "4, 2", b"", length=65535), "header cut": good[:30], "no shape": npy("{'descr': '<f4'}", bytes(32)),
             "objects": npy((shape % "4, 2").replace("<f4", "|O"), bytes(32)), "three dimensions": npy(shape % "2, 2, 2", bytes(32)),
             "zero rows": npy(shape % "0, 2", b""), "unknown version": npy(shape % "4, 2", bytes(32), version=b"\x09\0")}
    for name, content in cases.items():
        (suite.home / "bad.npy").write_bytes(content)
        done = suite.run("describe", "bad.npy")
        if name == "three dimensions" and done.returncode == 0:
            continue  # images as [rows, height, width] may be read as rows of height * width columns
        suite.is_error(f"NPY {name}", done, 3, "E03..", "bad.npy")


def tensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def hostile_models():
    one = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    yield "length 2^63", tensors({"a": one}, bytes(8), length=2**63)
    yield "length 2^64-1", tensors({"a": one}, bytes(8), length=2**64 - 1)
    yield "length beyond the file", tensors({"a": one}, bytes(8), length=4096)
    yield "empty", b""
    yield "seven bytes", bytes(7)
    yield "header not JSON", tensors(b"{nonsense", bytes(8))
    yield "header a list", tensors(b"[]", bytes(8))
    yield "deep nesting", tensors(b"[" * 100000, bytes(8))
    yield "product overflows", tensors({"a": {**one, "shape": [2**32, 2**32]}}, bytes(8))
    yield "offset 2^63", tensors({"a": {**one, "data_offsets": [0, 2**63]}}, bytes(8))
    yield "negative offset", tensors({"a": {**one, "data_offsets": [-8, 0]}}, bytes(8))
    yield "offsets the wrong way round", tensors({"a": {**one, "data_offsets": [8, 0]}}, bytes(8))
    yield "overlap", tensors({"a": one, "b": {**one, "data_offsets": [4, 12]}}, bytes(12))
    yield "hole", tensors({"a": one, "b": {**one, "data_offsets": [12, 20]}}, bytes(20))
    yield "duplicate name", tensors(b'{"a":%b,"a":%b}' % ((json.dumps(one).encode(),) * 2), bytes(8))
    yield "unknown type", tensors({"a": {**one, "dtype": "F99"}}, bytes(8))
    yield "rest behind the tensors", tensors({"a": one}, bytes(9))
    yield "a stranger's tensors", tensors({"a": one}, bytes(8))


def test_models(suite):
    suite.train("prices.csv", "price", "prices")
    suite.train("kinds.csv", "kind", "kinds")
    bad = suite.home / "bad.safetensors"
    for name, content in hostile_models():
        bad.write_bytes(content)
        suite.is_error(f"model {name}", suite.run("inspect", bad.name), 4, "E04..", bad.name)
    good = (suite.home / "prices" / "model.safetensors").read_bytes()
    draw = random.Random(7)
    for cut in sorted({*range(0, 16), *(draw.randrange(len(good)) for _ in range(60)), len(good) - 1}):
        bad.write_bytes(good[:cut])
        suite.is_error(f"model cut at {cut}", suite.run("inspect", bad.name), 4, "E04..", bad.name)
    for _ in range(150):
        position, bit = draw.randrange(len(good)), draw.randrange(8)
        bad.write_bytes(good[:position] + bytes([good[position] ^ 1 << bit]) + good[position + 1:])
        suite.is_error(f"model bit {bit} of byte {position} flipped", suite.run("predict", bad.name, "prices.csv"), 4, "E04..", bad.name)
    suite.is_error("model missing", suite.run("predict", "nowhere", "prices.csv"), 4, "E0401", "nowhere")
    suite.is_error("a table as model", suite.run("predict", "prices.csv", "prices.csv"), 4, "E04..", "prices.csv")
    suite.is_error("model of another schema", suite.run("predict", "prices", "kinds.csv"), 3, "E0320", "kinds.csv")
    suite.is_error("evaluate without the target", suite.run("evaluate", "kinds", "prices.csv"), 3, "E03..", "prices.csv")
    (suite.home / "text.csv").write_text("area,rooms,age,city,price\nbig,3,4,Bonn,1000\n12,3,4,Bonn,1000\n")
    suite.is_error("text where the model wants numbers", suite.run("predict", "prices", "text.csv"), 3, "E03..", "text.csv")
    suite.is_error("row beyond the table", suite.run("explain", "prices", "prices.csv", "--row", "300"), 3, "E0329", "300")
    suite.is_error("resume without a checkpoint", suite.run("train", "--resume", "nowhere"), 4, "E04..", "nowhere")


def test_places(suite):
    """Folders that cannot be written, streams that are closed."""
    data = ["prices.csv", "--target", "price"]
    train_fails(suite, "--out below a file", data + ["--out", "prices.csv/run"], 4, "E042.", "prices.csv")
    train_fails(suite, "--out in /proc", data + ["--out", "/proc/chainrule"], 4, "E042.", "/proc")
    closed = suite.home / "closed"
    closed.mkdir()
    closed.chmod(0o555)
    if os.geteuid() == 0:
        print("skipped: two folders without the right to write: root may write everywhere")
    else:
        train_fails(suite, "read-only folder", data + ["--out", "closed/run"], 4, "E042.", "closed")
        suite.is_error("read-only folder behind -o", suite.run("predict", "prices", "prices.csv", "-o", "closed/a.csv"), 4, "E0421", "closed")
    for name, arguments in (("predict", ["prices", "prices.csv"]), ("explain", ["prices", "prices.csv", "--row", "0", "--format", "html"])):
        before = (suite.home / "prices.csv").read_bytes()
        suite.is_error(f"{name} -o onto its own table", suite.run(name, *arguments, "-o", "./prices.csv"), 2, "E0105", "--output")
        suite.check(f"{name} -o onto its own table leaves it", (suite.home / "prices.csv").read_bytes() == before, "")
    suite.is_error("-o below a file", suite.run("predict", "prices", "prices.csv", "-o", "prices.csv/a.csv"), 4, "E0421", "prices.csv/a.csv")
    before = listing(suite)
    suite.is_error("-o with bad data", suite.run("predict", "prices", "kinds.csv", "-o", "answers.csv"), 3, "E0320")
    suite.check("-o with bad data: nothing half written", listing(suite) == before, listing(suite))
    for words in (["describe", "-"], ["train", "-", "--target", "y"], ["predict", "prices", "-"]):
        script = 'exec "$0" "$@" <&-'
        done = subprocess.run(["bash", "-c", script, suite.binary, *words], cwd=suite.home, capture_output=True, env=ENVIRONMENT)
        suite.is_error(f"{words[0]} with standard input closed", done, 4, "E0401", "standard input")
    suite.is_error("empty standard input", suite.run("describe", "-"), 3, "E0302")
    shut = subprocess.run(["bash", "-c", 'exec "$0" version >&-', suite.binary], cwd=suite.home, capture_output=True, env=ENVIRONMENT)
    suite.check("standard output closed", shut.returncode == 4 and b"E0422" in shut.stderr, shut)


def main():
    suite = Suite(sys.argv[1])
    for test in (test_text_tables, test_usage, test_config, test_idx, test_npy, test_models, test_places):
        try:
            test(suite)
        except (OSError, ValueError, subprocess.TimeoutExpired) as fault:
            suite.check(test.__name__, False, f"{type(fault).__name__}: {fault}")
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
