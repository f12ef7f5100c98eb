"""The recipe of bench/demo.json in PyTorch: fashion_mnist.py THREADS prints one JSON line.

`seconds` counts from the first byte read to the test accuracy, without the import of torch and without compiling; the faster of eager and
torch.compile is taken, tried on some batches first.
"""
import gzip
import json
import math
import pathlib
import sys
import time

import torch
from torch import nn

RECIPE = json.loads((pathlib.Path(__file__).parents[1] / "demo.json").read_text())
TRIAL = 40  # batches


def idx(name, header):
    path = pathlib.Path(RECIPE["data"]) / name
    raw = gzip.open(f"{path}.gz").read() if not path.exists() else path.read_bytes()
    return torch.frombuffer(bytearray(raw[header:]), dtype=torch.uint8)


def part(name):
    labels = idx(f"{name}-labels-idx1-ubyte", 8).long()
    return idx(f"{name}-images-idx3-ubyte", 16).view(len(labels), -1).float() / 255, labels


def network_of(inputs, classes):
    layers = []
    for units in RECIPE["hidden"]:
        layers += [nn.Linear(inputs, units), nn.BatchNorm1d(units), nn.ReLU(), nn.Dropout(RECIPE["dropout"])]
        inputs = units
    return nn.Sequential(*layers, nn.Linear(inputs, classes))


class Run:
    def __init__(self, x, y, compiled):
        torch.manual_seed(0)
        self.x, self.y = x, y
        self.network = network_of(x.shape[1], 10)
        self.forward = torch.compile(self.network) if compiled else self.network
        self.loss = nn.CrossEntropyLoss(label_smoothing=RECIPE["label_smoothing"])
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=RECIPE["lr"], weight_decay=RECIPE["weight_decay"], fused=True)
        self.steps = RECIPE["epochs"] * (len(x) // RECIPE["batch"])
        self.done = 0

    def batches(self):
        order = torch.randperm(len(self.x))
        return order[: len(order) // RECIPE["batch"] * RECIPE["batch"]].split(RECIPE["batch"])

    def step(self, rows):
        for group in self.optimizer.param_groups:
            group["lr"] = RECIPE["lr"] * (1 + math.cos(math.pi * self.done / self.steps)) / 2
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.forward(self.x[rows]), self.y[rows]).backward()
        self.optimizer.step()
        self.done += 1


def trial(x, y, compiled):
    run = Run(x, y, compiled)
    batches = run.batches()
    for rows in batches[:3]:
        run.step(rows)
    begin = time.perf_counter()
    for rows in batches[3 : 3 + TRIAL]:
        run.step(rows)
    return time.perf_counter() - begin


def faster_form(x, y):
    times = {False: trial(x, y, False)}
    try:
        times[True] = trial(x, y, True)
    except Exception as error:  # no compiler on this machine
        print(f"torch.compile: {error}", file=sys.stderr)
    return min(times, key=times.get)


def main(threads):
    torch.set_num_threads(threads)
    begin = time.perf_counter()
    (x, y), (test_x, test_y) = part("train"), part("t10k")
    mean, deviation = x.mean(), x.std()
    x, test_x = (x - mean) / deviation, (test_x - mean) / deviation
    loading = time.perf_counter() - begin
    compiled = faster_form(x, y)
    run = Run(x, y, compiled)
    if compiled:
        run.step(run.batches()[0])
    begin = time.perf_counter()
    for _ in range(RECIPE["epochs"]):
        for rows in run.batches():
            run.step(rows)
    run.network.eval()
    with torch.inference_mode():
        accuracy = (run.network(test_x).argmax(1) == test_y).float().mean().item()
    print(json.dumps({"program": "pytorch", "version": torch.__version__, "variant": "compile" if compiled else "eager",
                      "seconds": loading + time.perf_counter() - begin, "accuracy": accuracy}))


main(int(sys.argv[1]))
