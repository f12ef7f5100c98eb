"""The demo recipe (bench/demo.json) timed from file to tested model: us and PyTorch, one after the other."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
RECIPE = json.loads((ROOT / "bench" / "demo.json").read_text())


def environment(threads):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    return kept | {"OMP_NUM_THREADS": str(threads), "TORCHINDUCTOR_CACHE_DIR": str(ROOT / "build" / "bench-cache" / "inductor")}


def ask(command, threads, cores):
    """The last line it prints as JSON, and its seconds; (None, why) when it fails."""
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment(threads),
                          preexec_fn=lambda: os.sched_setaffinity(0, cores[:threads]))
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or ["no message"])[-1]
    return json.loads(done.stdout.strip().splitlines()[-1]), seconds


def ours(build, threads, cores):
    out = ROOT / build / "bench-demo"
    shutil.rmtree(out, ignore_errors=True)
    recipe = RECIPE
    words = [str(ROOT / build / "chainrule"), "train", recipe["data"], "--target", "label", "--validation", "0", "--early-stop", "0",
             "--hidden", ",".join(map(str, recipe["hidden"])), "--seed", "0", "--threads", str(threads), "--out", str(out), "--json",
             "--progress", "never"]
    for flag in ("norm", "dropout", "label_smoothing", "optimizer", "lr", "weight_decay", "schedule", "batch", "epochs"):
        words += ["--" + flag.replace("_", "-"), str(recipe[flag])]
    answer, seconds = ask(words, threads, cores)
    if answer is None:
        return answer, seconds
    return {"program": "chainrule", "version": "", "variant": "", "seconds": seconds, "accuracy": answer["test"]["accuracy"]}, seconds


def rows(build, venv, thread_counts, cores):
    """[{threads, program, version, variant, seconds, accuracy}]; our seconds are those of the whole process."""
    found = []
    for threads in thread_counts:
        runs = [lambda: ours(build, threads, cores)]
        python = ROOT / venv / "bin" / "python"
        if python.exists():
            runs.append(lambda: ask([str(python), str(ROOT / "bench" / "peers" / "fashion_mnist.py"), str(threads)], threads, cores))
        for run in runs:
            answer, why = run()
            if answer is None:
                print(f"demo left out: {why}", file=sys.stderr)
                continue
            found.append({"threads": threads, **answer})
            print(f"demo, {threads} threads: {answer['program']:<10} {answer['seconds']:7.1f} s, test accuracy {answer['accuracy']:.4f} {answer['variant']}",
                  flush=True)
    return found
