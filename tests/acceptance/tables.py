"""Small tables with a signal in them, made from a seed; shared by the acceptance tests."""
import csv
import json
import math
import os
import random
import subprocess
import tempfile


def classification(path, rows=600, seed=1):
    """Three classes from two spirals-like features, one categorical column, some missing cells."""
    draw = random.Random(seed)
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["x", "y", "colour", "noise", "kind"])
        for _ in range(rows):
            x, y = draw.gauss(0, 1), draw.gauss(0, 1)
            colour = draw.choice(["red", "green", "blue"])
            score = math.sin(2 * x) + y * (1.5 if colour == "red" else 0.5)
            kind = "low" if score < -0.5 else "middle" if score < 0.6 else "high"
            out.writerow([f"{x:.4f}", "" if draw.random() < 0.03 else f"{y:.4f}", colour, f"{draw.gauss(0, 5):.3f}", kind])


def regression(path, rows=600, seed=2):
    """A smooth function of four columns plus noise, price-like scale."""
    draw = random.Random(seed)
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["area", "rooms", "age", "city", "price"])
        for _ in range(rows):
            area, rooms, age = draw.uniform(20, 200), draw.randint(1, 8), draw.uniform(0, 100)
            city = draw.choice(["Bonn", "Ulm", "Trier"])
            price = 3000 * area + 9000 * rooms - 800 * age + {"Bonn": 50000, "Ulm": 20000, "Trier": 0}[city]
            out.writerow([f"{area:.1f}", rooms, f"{age:.1f}", city, round(price * math.exp(draw.gauss(0, 0.05)))])


def quick_folder():
    """A temporary folder, in memory where that is possible: thousands of small runs that each flush to the disk take long."""
    memory = "/dev/shm"
    return tempfile.TemporaryDirectory(prefix="chainrule-", dir=memory if os.access(memory, os.W_OK) else None)


def run(command, **options):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)


def train_digest(command, **options):
    """Runs `train ... --json` and returns its digest; raises with the program's words when it fails."""
    done = run(command, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)["digest"]


def says_nothing_but_its_error(stdout):
    """Nothing, or with --json one object that repeats the error of standard error."""
    text = stdout.decode(errors="replace") if isinstance(stdout, bytes) else stdout
    return text == "" or (text.startswith('{"error":') and text.count("\n") == 1 and list(json.loads(text)) == ["error"])


def report(name, passed, failed):
    print(f"{name}: {passed} passed, {failed} failed")
    return 1 if failed or not passed else 0
