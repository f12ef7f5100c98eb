"""The digest of `train` is the same for any thread count, instruction set and engine.

  determinism_test.py PROGRAM [AARCH64_PROGRAM]     the second runs under qemu-aarch64
"""
import json
import os
import pathlib
import sys
import tempfile

import tables

RECIPES = {
    "classification, adam, dropout": ("classification", "kind", ["--optimizer", "adam", "--dropout", "0.2", "--hidden", "33,17"]),
    "classification, momentum, gaussian dropout, layer norm": (
        "classification", "kind", ["--optimizer", "momentum", "--lr", "0.05", "--dropout", "0.1:gaussian", "--norm", "layer",
                                   "--activation", "gelu", "--hidden", "40,40", "--residual"]),
    "regression, adamw, inverted dropout, clip": (
        "regression", "price", ["--optimizer", "adamw", "--dropout", "0.1", "--clip", "1", "--activation", "mish", "--hidden", "64,31",
                                "--schedule", "cosine"]),
    "regression, momentum nesterov, alpha dropout, batch norm, 4 shards": (
        "regression", "price", ["--optimizer", "momentum:nesterov", "--lr", "0.01", "--dropout", "0.1:alpha", "--activation", "selu",
                                "--norm", "batch", "--hidden", "24,24", "--shards", "4", "--ema", "0.99"]),
    "classification in bf16, adam, dropout, input dropout, odd widths": (
        "classification", "kind", ["--precision", "bf16", "--optimizer", "adam", "--dropout", "0.2", "--input-dropout", "0.1", "--hidden", "33,17,5"]),
    "regression in bf16, adamw, dropconnect, layer norm, 4 shards": (
        "regression", "price", ["--precision", "bf16", "--dropout", "0.1:dropconnect", "--norm", "layer", "--activation", "gelu", "--residual",
                                "--hidden", "40,40", "--shards", "4", "--clip", "1"]),
}


def variants(program, other):
    plain = dict(os.environ)
    yield "threads 1", [program], plain, ["--threads", "1"]
    yield "threads 2", [program], plain, ["--threads", "2"]
    yield "threads 3", [program], plain, ["--threads", "3"]
    yield "reference", [program], plain, ["--engine", "reference"]
    version = json.loads(tables.run([program, "version", "--json"]).stdout)
    for isa in version["instruction_sets"]:
        yield f"CHAINRULE_ISA={isa}", [program], dict(plain, CHAINRULE_ISA=isa), []
    if other:
        yield "neon under qemu", ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", other], plain, []


def main():
    program, other = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for kind in ("classification", "regression"):
            getattr(tables, kind)(folder / f"{kind}.csv")
        for title, (kind, target, flags) in RECIPES.items():
            seen = {}
            for name, start, environment, extra in variants(program, other):
                command = start + ["train", folder / f"{kind}.csv", "--target", target, "--epochs", "6", "--seed", "5", "--batch", "48",
                                   "--test", "0.2", "--out", folder / "run", "--force", "--json"] + flags + extra
                seen[name] = tables.train_digest(command, env=environment)
            same = len(set(seen.values())) == 1
            passed, failed = passed + same, failed + (not same)
            print(f"{'same' if same else 'DIFFERENT'}: {title}: {len(seen)} ways, digest {next(iter(seen.values()))[:16]}")
            if not same:
                for name, digest in seen.items():
                    print(f"    {digest[:16]} {name}")
    return tables.report("determinism", passed, failed)


if __name__ == "__main__":
    sys.exit(main())
