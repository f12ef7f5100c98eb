"""What the program promises about files: finished models, one owner, inputs that stay, permissions, signals.

  files_test.py PROGRAM
"""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

from harness import ENVIRONMENT, Suite

QUICK = ["--hidden", "8", "--epochs", "2", "--threads", "1", "--seed", "1"]
ENDLESS = ["--hidden", "8", "--epochs", "10000000", "--early-stop", "0", "--threads", "1"]
STOPPING = {"SIGINT": signal.SIGINT, "SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP, "SIGXCPU": signal.SIGXCPU, "SIGUSR1": signal.SIGUSR1}


def digest_of(suite, model):
    return json.loads(suite.run("inspect", model, "--json").stdout or b"{}").get("digest")


def start(suite, *arguments, **options):
    return subprocess.Popen([suite.binary, *map(str, arguments)], cwd=suite.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=ENVIRONMENT, stdin=subprocess.DEVNULL, **options)


def wait_for_steps(suite, folder, newer_than=0.0):
    """Until the run has written a checkpoint of its own, which it does before the first step, and some steps more."""
    file = suite.home / folder / "checkpoint.safetensors"
    for _ in range(600):
        if file.exists() and file.stat().st_mtime_ns > newer_than:
            time.sleep(0.3)
            return
        time.sleep(0.02)
    raise ValueError(f"no checkpoint in {folder}")


def stopped(suite, folder, *flags, number=signal.SIGINT, table="prices.csv", target="price"):
    before = (suite.home / folder / "checkpoint.safetensors")
    newer = before.stat().st_mtime_ns if before.exists() else 0
    child = start(suite, "train", table, "--target", target, "--out", folder, *ENDLESS, *flags)
    wait_for_steps(suite, folder, newer)
    child.send_signal(number)
    _, err = child.communicate(timeout=60)
    return child.returncode, err


def test_finished_model_survives(suite):
    suite.train("prices.csv", "price", "kept")
    digest = digest_of(suite, "kept")
    code, err = stopped(suite, "kept", "--force")
    suite.check("an interrupted run leaves the finished model", code == 130 and digest_of(suite, "kept") == digest, err)
    suite.check("... and says where its own is", b"unfinished.safetensors" in err, err)
    predicted = suite.run("predict", "kept", "prices.csv")
    suite.check("predict tells of the newer run beside the model", predicted.returncode == 0 and b"newer, unfinished run" in predicted.stderr, predicted.stderr)
    own = suite.run("predict", "kept/unfinished.safetensors", "prices.csv")
    suite.check("the unfinished model predicts and says what it is", own.returncode == 0 and b"of an unfinished run: interrupted" in own.stderr, own.stderr)
    suite.is_error("a folder with an unfinished run beside a model is not started over", suite.run("train", "prices.csv", "--target", "price", "--out", "kept", *QUICK), 4, "E0426", "unfinished run")
    broken = suite.run("train", "prices.csv", "--target", "price", "--out", "kept", "--force", "--optimizer", "sgd", "--lr", "1e30", "--early-stop", "0", *QUICK)
    suite.check("a run that diverges leaves the finished model", broken.returncode == 5 and digest_of(suite, "kept") == digest, broken.stderr)
    suite.check("... and puts the last good state under another name", b"kept/unfinished.safetensors" in broken.stderr, broken.stderr)
    failed = suite.run("train", "prices.csv", "--target", "nothing", "--out", "kept", "--force", *QUICK)
    suite.check("a run with a wrong target changes nothing", failed.returncode != 0 and digest_of(suite, "kept") == digest, failed.stderr)
    done = suite.run("train", "prices.csv", "--target", "price", "--out", "kept", "--force", "--json", *QUICK)
    suite.check("a finished run replaces the model", json.loads(done.stdout)["digest"] == digest_of(suite, "kept") != digest, done.stderr)
    left = sorted(f.name for f in (suite.home / "kept").iterdir())
    suite.check("... and leaves nothing of the unfinished ones", left == ["checkpoint.safetensors", "model.safetensors"] or
                left == ["checkpoint.previous.safetensors", "checkpoint.safetensors", "model.safetensors"], left)
    suite.check("... and no warning", suite.run("predict", "kept", "prices.csv").stderr == b"", "")


def test_interrupted_without_a_model(suite):
    code, err = stopped(suite, "fresh")
    shown = suite.run("inspect", "fresh")
    suite.check("an interrupted run in a new folder leaves its model, marked", code == 130 and b"unfinished" in shown.stdout, (err, shown.stdout[-400:]))
    suite.is_error("the same command again is refused", suite.run("train", "prices.csv", "--target", "price", "--out", "fresh", *QUICK), 4, "E0426", "unfinished run")
    again = start(suite, "train", "--resume", "fresh")
    wait_for_steps(suite, "fresh", (suite.home / "fresh/checkpoint.safetensors").stat().st_mtime_ns - 1)
    suite.is_error("a second --resume is refused at once", suite.run("train", "--resume", "fresh"), 4, "E0425", str(again.pid))
    suite.is_error("... and so is a new run", suite.run("train", "prices.csv", "--target", "price", "--out", "fresh", "--force", *QUICK), 4, "E0425", str(again.pid))
    again.kill()
    again.communicate()
    code = start(suite, "train", "--resume", "fresh")
    time.sleep(0.5)
    code.send_signal(signal.SIGTERM)
    _, err = code.communicate(timeout=60)
    suite.check("a lock whose holder was killed does not stop the next", code.returncode == 130, err)


def test_one_owner(suite):
    for count in (2, 8):
        folder = f"shared{count}"
        command = ["train", "prices.csv", "--target", "price", "--out", folder, "--epochs", "200", "--early-stop", "0", "--hidden", "16", "--threads", "1", "--checkpoint-every", "1"]
        runs = [start(suite, *command) for _ in range(count)]
        ends = [(run.communicate(timeout=120)[1], run.returncode) for run in runs]
        good = [code for _, code in ends if code == 0]
        refused = [err for err, code in ends if code == 4 and (b"E0425" in err or b"E0426" in err)]
        suite.check(f"of {count} runs in one folder one works, the others are refused", len(good) == 1 and len(refused) == count - 1, ends)


def test_inputs_stay(suite):
    suite.train("kinds.csv", "kind", "m")
    shutil.copy(suite.home / "prices.csv", suite.home / "v.csv")
    (suite.home / "c.toml").write_text("epochs = 1\n")
    (suite.home / "w.csv").write_text("class,weight\n")
    (suite.home / "s.toml").write_bytes(suite.run("inspect", "m", "--toml").stdout)
    race = ["race", "prices.csv", "--target", "price", "--seeds", "2", "--optimizers", "sgd,adam", "--epochs", "1"]
    drop = ["dropout", "prices.csv", "--target", "price", "--seeds", "2", "--epochs", "1"]
    cases = [["predict", "m", "kinds.csv", "-o", "m/model.safetensors"], ["predict", "m", "kinds.csv", "-o", "m/../m/model.safetensors"],
             ["predict", "m", "kinds.csv", "-o", "kinds.csv"], ["predict", "m", "kinds.csv", "-o", "m/checkpoint.safetensors"],
             ["explain", "m", "kinds.csv", "--row", "0", "--format", "html", "-o", "m/model.safetensors"]]
    for command in (race, drop):
        cases.append([*command, "--svg", "prices.csv"])
        for flag, file in (("--validation", "v.csv"), ("--config", "c.toml"), ("--spec", "s.toml"), ("--class-weights", "w.csv")):
            cases.append([*command, flag, file, "--svg", file])
    for case in cases:
        before = (suite.home / case[-1]).read_bytes()
        suite.is_error(f"{case[0]} over {case[-1]} ({' '.join(case[-4:-2])})", suite.run(*case), 2, "E0105")
        suite.check(f"{case[-1]} stays", (suite.home / case[-1]).read_bytes() == before, case)
    before = (suite.home / "kinds.csv").read_bytes()
    with open(suite.home / "kinds.csv", "rb") as file:
        suite.is_error("predict - over its own standard input", suite.run("predict", "m", "-", "-o", "kinds.csv", stdin=file), 2, "E0105")
    for command in (["predict", "m", "kinds.csv"], ["check", "kinds.csv", "--target", "kind", *QUICK], ["check", "m", "kinds.csv"]):
        with open(suite.home / "kinds.csv", "ab") as file:
            done = subprocess.run([suite.binary, *command], cwd=suite.home, stdout=file, stderr=subprocess.PIPE, env=ENVIRONMENT, stdin=subprocess.DEVNULL)
        suite.check(f"{command[0]} >> its own input", done.returncode == 2 and b"E0105" in done.stderr, done.stderr)
    suite.check("kinds.csv stays", (suite.home / "kinds.csv").read_bytes() == before, "")


def test_data_in_the_run_folder(suite):
    names = ["model.safetensors", "unfinished.safetensors", "checkpoint.safetensors", "checkpoint.previous.safetensors", "checkpoint.next.safetensors", "divergence.html", "divergence.json"]
    for name in names:
        folder = suite.home / f"in-{name}"
        folder.mkdir()
        shutil.copy(suite.home / "prices.csv", folder / name)
        for flags in ([], ["--force"]):
            done = suite.run("train", f"in-{name}/{name}", "--target", "price", "--out", f"in-{name}", *QUICK, *flags)
            suite.check(f"a table called {name} in the run folder is refused", done.returncode in (2, 4) and (b"E0427" in done.stderr or b"E0105" in done.stderr), done.stderr)
            other = suite.run("train", "prices.csv", "--target", "price", "--out", f"in-{name}", *QUICK, *flags)
            suite.is_error(f"a foreign {name} in the run folder is refused", other, 4, "E0427", name)
        suite.check(f"{name} stays", (folder / name).read_bytes() == (suite.home / "prices.csv").read_bytes(), "")
        suite.check(f"nothing else in the folder of {name}", [f.name for f in folder.iterdir()] == [name], list(folder.iterdir()))
    suite.train("kinds.csv", "kind", "with-notes")
    (suite.home / "with-notes" / "notes.txt").write_text("mine")
    done = suite.run("train", "kinds.csv", "--target", "kind", "--out", "with-notes", "--force", *QUICK)
    suite.check("files of others in a run folder stay", done.returncode == 0 and (suite.home / "with-notes/notes.txt").read_text() == "mine", done.stderr)


def test_rights(suite):
    suite.train("kinds.csv", "kind", "rights")
    commands = {"predict": ["predict", "rights", "kinds.csv", "-o"], "explain": ["explain", "rights", "kinds.csv", "--row", "0", "--format", "json", "-o"],
                "race": ["race", "kinds.csv", "--target", "kind", "--seeds", "2", "--trials", "3", "--tuning-seeds", "1", "--optimizers", "sgd,adam", "--epochs", "1", "--hidden", "4", "--svg"],
                "dropout": ["dropout", "kinds.csv", "--target", "kind", "--seeds", "2", "--epochs", "1", "--hidden", "4", "--kinds", "inverted", "--rates", "0.1", "--svg"]}
    for name, command in commands.items():
        for mode in (0o600, 0o640, 0o660):
            target = suite.home / f"{name}.out"
            target.write_text("old")
            target.chmod(mode)
            done = suite.run(*command, target)
            suite.check(f"{name} keeps mode {mode:o}", done.returncode == 0 and target.stat().st_mode & 0o777 == mode, (oct(target.stat().st_mode), done.stderr))
        target.chmod(0o444)
        suite.is_error(f"{name} refuses a write-protected file", suite.run(*command, target), 4, "E0421")
        target.unlink()
        suite.is_error(f"{name} opens its output before the work", suite.run(*command, "no/such/folder"), 4, "E0421")
    model = suite.home / "rights/model.safetensors"
    model.chmod(0o600)
    suite.run("train", "kinds.csv", "--target", "kind", "--out", "rights", "--force", *QUICK)
    suite.check("train keeps the model's mode", model.stat().st_mode & 0o777 == 0o600, oct(model.stat().st_mode))


def test_results_before_pictures(suite):
    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    command = ["race", "--surface", "beale", "--seeds", "2", "--trials", "3", "--optimizers", "sgd,adam", "--svg", "x.svg"]
    child = start(suite, *command, preexec_fn=small_files)
    out, err = child.communicate(timeout=100)
    suite.check("results are printed though the picture cannot be written", child.returncode == 4 and b"Race on" in out and b"E0422" in err, (out[-200:], err))


def test_signals(suite):
    for name, number in STOPPING.items():
        code, err = stopped(suite, f"sig{name}", number=number)
        suite.check(f"{name} saves and stops", code == 130 and (suite.home / f"sig{name}/model.safetensors").exists(), (code, err))

    def ignoring(number):
        return lambda: signal.signal(number, signal.SIG_IGN)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        folder = f"ignored{name}"
        child = start(suite, "train", "prices.csv", "--target", "price", "--out", folder, *ENDLESS, preexec_fn=ignoring(STOPPING[name]))
        wait_for_steps(suite, folder)
        child.send_signal(STOPPING[name])
        time.sleep(0.5)
        suite.check(f"{name} that was ignored at the start stays ignored", child.poll() is None, child.returncode)
        child.send_signal(signal.SIGUSR1)
        child.communicate(timeout=60)
    child = start(suite, "train", "prices.csv", "--target", "price", "--out", "twice", *ENDLESS)
    wait_for_steps(suite, "twice")
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    suite.check("two signals at once count as one", child.returncode == 130, child.returncode)

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))
    done = start(suite, "train", "prices.csv", "--target", "price", "--out", "limited", *QUICK, preexec_fn=small_files)
    _, err = done.communicate(timeout=60)
    left = list((suite.home / "limited").glob("*")) if (suite.home / "limited").exists() else []
    suite.check("a limit on file sizes is E0422 and leaves nothing", done.returncode == 4 and b"E0422" in err and not left, (err, left))


def test_nothing_left_of_nothing(suite):
    done = suite.run("train", "prices.csv", "--target", "nothing", "--out", "never", *QUICK)
    suite.check("a run that fails before its start leaves no folder", done.returncode == 3 and not (suite.home / "never").exists(), done.stderr)
    done = suite.run("train", "prices.csv", "--target", "nothing", *QUICK)
    suite.check("... nor a number of its own", not list((suite.home / "runs").glob("*")) if (suite.home / "runs").exists() else True, "")


def main():
    suite = Suite(pathlib.Path(sys.argv[1]))
    os.umask(0o022)
    for test in (test_finished_model_survives, test_interrupted_without_a_model, test_one_owner, test_inputs_stay, test_data_in_the_run_folder, test_rights,
                 test_results_before_pictures, test_signals, test_nothing_left_of_nothing):
        try:
            test(suite)
        except (OSError, ValueError, KeyError, IndexError, AttributeError, TypeError, subprocess.TimeoutExpired) as fault:
            suite.check(test.__name__, False, f"{type(fault).__name__}: {fault}")
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
