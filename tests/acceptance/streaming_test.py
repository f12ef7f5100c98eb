"""predict on a large CSV: bounded memory, the same bytes from a file, a pipe, .gz and .zst and from small tables, an answer file that is whole or absent.

  streaming_test.py PROGRAM [--long]      20 MB; with --long 1 GB
"""
import gzip
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import tables
from disk_full_test import limited

COLUMNS = "x,y,z,size,city,zone,day,kind,score"
MEBI = 1 << 20


def rows(count, seed):
    """Numbers with gaps, categories that look like numbers, quoted texts, dates."""
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        x, y, z = draw.gauss(0, 1), draw.gauss(5, 30), draw.gauss(0, 1000)
        city, zone = draw.choice(["Bonn", '"Ulm, Donau"', '"say ""hi"""', "Trier"]), draw.choice(["01", "1", "02", "2", "7"])
        kind = "low" if x < -0.4 else "high" if x + (zone == "01") > 0.6 else "middle"
        score = f"{3 * x + (5 if zone == '01' else 0) + draw.gauss(0, 0.1):.3f}"
        size = "" if draw.random() < 0.02 else draw.randrange(10000)
        lines.append(f"{x:.4f},{y:.3f},{z:.6f},{size},{city},{zone},2024-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d},{kind},{score}\n")
    return lines


def write_table(path, size, lines):
    block, head = "".join(lines).encode(), (COLUMNS + "\n").encode()
    with open(path, "wb") as file:
        file.write(head)
        for _ in range(max(1, (size - len(head)) // len(block))):
            file.write(block)


# MiB that AddressSanitizer takes for itself: shadows of all memory, and freed blocks that it keeps back.
SANITIZERS_OWN = 100 if "ASAN_OPTIONS" in os.environ else 0


def measured(command, **options):
    """Exit code, seconds and peak resident memory in MiB of one child."""
    begin = time.time()
    process = subprocess.Popen([str(c) for c in command], stderr=subprocess.PIPE, **options)
    error = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    return process.returncode, time.time() - begin, usage.ru_maxrss / 1024 - SANITIZERS_OWN, error


def same_bytes(a, b):
    return a.exists() and b.exists() and subprocess.run(["cmp", "-s", a, b]).returncode == 0


class Streaming:
    def __init__(self, program, folder, size):
        self.program, self.folder, self.size = program, folder, size
        self.passed = self.failed = 0
        self.lines = rows(20000, 4)
        self.big = folder / "big.csv"
        write_table(self.big, size, self.lines)
        train = folder / "train.csv"
        write_table(train, 1, self.lines[:4000])
        shared = ["--categorical", "zone", "--hidden", "16", "--epochs", "4", "--seed", "1", "--json"]
        tables.train_digest([program, "train", train, "--target", "kind", "--drop", "score", "--out", folder / "kinds"] + shared)
        tables.train_digest([program, "train", train, "--target", "score", "--drop", "kind", "--dropout", "0.2", "--out", folder / "scores"] + shared)

    def expect(self, what, truth, detail=""):
        self.passed, self.failed = self.passed + bool(truth), self.failed + (not truth)
        if not truth:
            print(f"FAILED: {what} {detail}")

    def predict(self, model, data, *flags):
        return [self.program, "predict", self.folder / model, data, *flags]

    def memory_and_speed(self):
        model = max(f.stat().st_size for f in (self.folder / "kinds").iterdir()) / MEBI
        for model_name in ("kinds", "scores"):
            out = self.folder / f"{model_name}.out"
            code, seconds, peak, error = measured(self.predict(model_name, self.big, "-o", out))
            self.expect(f"predict {model_name}", code == 0 and error == "", f"exit {code} {error}")
            self.expect(f"peak memory {model_name}", peak < 100 + model, f"{peak:.0f} MiB")
            _, seconds, _, _ = measured(self.predict(model_name, self.big), stdout=subprocess.DEVNULL)  # without waiting for the disk
            megabytes = self.big.stat().st_size / 1e6
            print(f"{model_name}: {megabytes:.0f} MB in {seconds:.2f} s, {megabytes / seconds:.0f} MB/s, peak {peak:.0f} MiB")

    def packed_and_piped(self):
        want = self.folder / "kinds.out"
        with open(self.big, "rb") as data:
            code, _, peak, error = measured(self.predict("kinds", "-", "-o", self.folder / "stdin.out"), stdin=data)
        self.expect("standard input", code == 0 and same_bytes(self.folder / "stdin.out", want), error)
        cat = subprocess.Popen(["cat", self.big], stdout=subprocess.PIPE)
        with open(self.folder / "pipe.out", "wb") as out:
            code, _, peak, error = measured(self.predict("kinds", "-"), stdin=cat.stdout, stdout=out)
        cat.stdout.close()
        cat.wait()
        self.expect("a pipe to a pipe", code == 0 and same_bytes(self.folder / "pipe.out", want), error)
        self.expect("peak memory of a pipe", peak < 101, f"{peak:.0f} MiB")
        packed = self.folder / "big.csv.gz"
        with open(self.big, "rb") as data, gzip.open(packed, "wb", compresslevel=1) as to:
            shutil.copyfileobj(data, to, MEBI)
        self.expect_packed(packed, want)
        if shutil.which("zstd"):
            subprocess.run(["zstd", "-q", "-1", self.big, "-o", self.folder / "big.csv.zst"], check=True)
            self.expect_packed(self.folder / "big.csv.zst", want)
        else:
            print("skipped: a table packed with zstd: the program zstd is not installed")

    def expect_packed(self, packed, want):
        code, _, peak, error = measured(self.predict("kinds", packed, "-o", self.folder / "packed.out"))
        self.expect(packed.suffix, code == 0 and same_bytes(self.folder / "packed.out", want), error)
        self.expect(f"peak memory of {packed.suffix}", peak < 110, f"{peak:.0f} MiB")
        packed.unlink()

    def size_means_nothing(self):
        """Rows alone, in a small file, get what they get in the large one, though alone they would be typed otherwise."""
        for model in ("kinds", "scores"):
            with open(self.folder / f"{model}.out") as file:
                head, *answers = [file.readline() for _ in range(2001)]
            for name, keep in (("first", lambda i, cells: i < 200), ("zones 01", lambda i, cells: ",01,2024" in cells),
                               ("zones 1 and 01", lambda i, cells: ",1,2024" in cells or ",01,2024" in cells)):
                kept = [i for i in range(2000) if keep(i, self.lines[i])]
                write_table(self.folder / "few.csv", 1, [self.lines[i] for i in kept])
                done = tables.run(self.predict(model, self.folder / "few.csv"))
                self.expect(f"{model}: {name}", done.stdout == head + "".join(answers[i] for i in kept), done.stdout[:200] + done.stderr)

    def uncertainty(self):
        """Draws belong to the row's number in the file, whatever the parts."""
        some = self.folder / "some.csv"
        write_table(some, 6 * MEBI, self.lines)
        code, _, peak, error = measured(self.predict("scores", some, "--uncertainty=3", "-o", self.folder / "spread.out"))
        self.expect("--uncertainty", code == 0 and peak < 101, f"exit {code}, {peak:.0f} MiB {error}")
        write_table(self.folder / "few.csv", 1, self.lines[:3000])
        done = tables.run(self.predict("scores", self.folder / "few.csv", "--uncertainty=3"))
        with open(self.folder / "spread.out") as file:
            text = "".join(file.readline() for _ in range(3001))
        self.expect("--uncertainty by parts", done.stdout == text and "spread" in text, done.stderr)

    def faults(self):
        at = int(self.size / len("".join(self.lines)) * len(self.lines) * 0.6)
        bad = {"ragged": ("1,2\n", "E0307"), "text": (self.lines[0].replace(self.lines[0].split(",")[0], "oops", 1), "E03"),
               "quote": ('1,2,3,4,"Bonn" x,01,2024-01-01,low,1\n', "E0316"), "infinite": ("1e999," + self.lines[0].split(",", 1)[1], "E0309")}
        for name, (line, code_begin) in bad.items():
            with open(self.big, "rb") as data, open(self.folder / "bad.csv", "wb") as to:
                for _ in range(at + 1):
                    to.write(data.readline())
                to.write(line.encode())
                shutil.copyfileobj(data, to, MEBI)
            self.expect_nothing_left(name, code_begin, at + 2)
        (self.folder / "bad.csv").unlink()

    def expect_nothing_left(self, name, code_begin, line):
        out = self.folder / "answers" / "bad.out"
        out.parent.mkdir(exist_ok=True)
        for before in (None, "as it was\n"):
            if before:
                out.write_text(before)
            code, _, _, error = measured(self.predict("kinds", self.folder / "bad.csv", "-o", out))
            self.expect(f"{name}: exit 3 and one error", code == 3 and error.count("error[") == 1 and "hint:" in error, f"exit {code} {error}")
            self.expect(f"{name}: place", f"error[{code_begin}" in error and f"bad.csv line {line}" in error, error)
            left = sorted(f.name for f in out.parent.iterdir())
            self.expect(f"{name}: nothing half written", left == (["bad.out"] if before else []) and (not before or out.read_text() == before), left)
        shutil.rmtree(out.parent)

    def full_disk(self):
        out = self.folder / "full" / "answers.csv"
        out.parent.mkdir()
        for allowed in (0, 100, 1 << 18):
            done = tables.run(self.predict("kinds", self.big, "-o", out), preexec_fn=limited(allowed))
            self.expect(f"full disk at {allowed}", done.returncode == 4 and "error[E0422]" in done.stderr and not list(out.parent.iterdir()),
                        f"exit {done.returncode} {done.stderr} {list(out.parent.iterdir())}")

    def readers_that_leave(self):
        command = f"'{self.program}' predict '{self.folder / 'kinds'}' '{self.big}' | head -3; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
        self.expect("| head", done.stdout.endswith("141\n") and done.stderr == "", done.stdout[-80:] + done.stderr)

    def killed(self):
        """Even then nothing is left beside the place of the answers."""
        out = self.folder / "killed" / "answers.csv"
        out.parent.mkdir()
        process = subprocess.Popen([str(c) for c in self.predict("kinds", "-", "-o", out)], stdin=subprocess.PIPE)
        process.stdin.write(self.big.read_bytes()[:8 * MEBI])
        process.stdin.flush()
        process.kill()
        process.wait()
        process.stdin.close()
        self.expect("kill -9", not list(out.parent.iterdir()), list(out.parent.iterdir()))


def main():
    with tempfile.TemporaryDirectory() as folder:
        test = Streaming(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder), 1000000000 if "--long" in sys.argv else 20000000)
        for part in (test.memory_and_speed, test.packed_and_piped, test.size_means_nothing, test.uncertainty, test.faults, test.full_disk,
                     test.readers_that_leave, test.killed):
            part()
        return tables.report("streaming predictions", test.passed, test.failed)


if __name__ == "__main__":
    sys.exit(main())
