#!/usr/bin/env python3
"""`chainrule learn` end to end: the list, single statements, the check, the quiz, one's own data.   learn_test.py BINARY"""
import json
import sys

from harness import Suite

CARD = {"id", "group", "statement", "question", "answer", "wrong"}
RUN = CARD | {"seed", "held", "verdict", "formula", "numbers", "tables", "plots"}


def object_of(suite, name, done, exit_code=0):
    suite.check(f"{name}: exit code", done.returncode == exit_code, f"{done.returncode}: {done.stderr.decode()[:300]}")
    try:
        return json.loads(done.stdout, parse_constant=lambda word: 1 / 0)
    except (ValueError, ZeroDivisionError):
        suite.check(f"{name}: one JSON object", False, done.stdout[:200])
        return {}


def test_list(suite):
    thing = object_of(suite, "learn --json", suite.run("learn", "--json"))
    cards = thing.get("statements", [])
    suite.check("47 statements", [c.get("id") for c in cards] == [f"L{i}" for i in range(1, 48)], [c.get("id") for c in cards])
    for card in cards:
        suite.check(f"{card.get('id')}: whole card", CARD <= set(card) and len(card.get("wrong", [])) == 3, card)
    text = suite.run("learn").stdout.decode()
    suite.check("learn names every statement", all(f"L{i} " in text for i in range(1, 48)), text[:300])
    suite.check("learn keeps to 80 columns", all(len(line) <= 80 for line in text.splitlines()), max(text.splitlines() or [""], key=len))


def test_one(suite):
    thing = object_of(suite, "learn L2", suite.run("learn", "L2", "--json", "--seed", "5"))
    suite.check("learn L2: keys", RUN <= set(thing), sorted(thing))
    suite.check("learn L2: held with numbers", thing.get("held") is True and thing.get("numbers") and thing.get("seed") == 5, thing.get("verdict"))
    again = object_of(suite, "learn l2", suite.run("learn", "l2", "--json", "--seed", "5"))
    suite.check("the same seed gives the same run", again == thing)
    for locale in ("C.UTF-8", "C"):
        done = suite.run("learn", "L1", env={"LC_ALL": locale})
        text = done.stdout.decode()
        suite.check(f"learn L1 in {locale}: verdict", done.returncode == 0 and "held" in text, text[-300:])
        suite.check(f"learn L1 in {locale}: 80 columns", all(len(line) <= 80 for line in text.splitlines()), max(text.splitlines() or [""], key=len))
        suite.check(f"learn L1 in {locale}: no colour, plain where asked", "\033" not in text and (locale != "C" or text.isascii()), text[:200])
    suite.check("colour where asked", b"\033[" in suite.run("learn", "L1", "--color", "always").stdout)


def test_check(suite):
    one = suite.run("learn", "check", "--json", "--threads", "1")
    thing = object_of(suite, "learn check", one)
    rows = thing.get("statements", [])
    suite.check("learn check: all 47", [r.get("id") for r in rows] == [f"L{i}" for i in range(1, 48)], [r.get("id") for r in rows])
    for row in rows:
        suite.check(f"{row.get('id')} held", row.get("held") is True and isinstance(row.get("numbers"), dict), row)
    two = suite.run("learn", "check", "--json", "--threads", "3")
    suite.check("learn check is the same on three threads", one.stdout == two.stdout and two.returncode == 0, two.stderr[:200])


def test_own(suite):
    for table, target in (("kinds.csv", "kind"), ("prices.csv", "price")):
        for statement in ("L1", "L2", "L3", "L4", "L5", "L8", "L9", "L37"):
            done = suite.run("learn", statement, "--data", table, "--target", target, "--hidden", "12,8", "--dropout", "0.2", "--json")
            thing = object_of(suite, f"{statement} on {table}", done)
            suite.check(f"{statement} on {table} held", thing.get("held") is True, thing.get("verdict"))
    done = suite.run("learn", "L6", "--data", "kinds.csv", "--target", "kind")
    suite.check("a statement with its own network says so", done.returncode == 0 and b"your network" in done.stderr, done.stderr)


def test_own_in_bf16(suite):
    """The statements are about unrounded sums: a spec with bf16 products is run in fp32, and that is said."""
    suite.train("kinds.csv", "kind", "rounded", "--precision", "bf16")
    (suite.home / "rounded.toml").write_bytes(suite.run("inspect", "rounded", "--toml").stdout)
    for statement in ("L1", "L2", "L3", "L8", "L9", "L37"):
        for data in ([], ["--data", "kinds.csv", "--target", "kind"]):
            done = suite.run("learn", statement, "--spec", "rounded.toml", *data)
            suite.check(f"{statement} on bf16, {len(data)}: held", done.returncode == 0 and b"did not hold" not in done.stdout, done.stdout[-300:] + done.stderr)
            suite.check(f"{statement} on bf16, {len(data)}: says so", b"computes in fp32" in done.stdout + done.stderr, done.stderr)


def test_quiz(suite):
    def answered(*arguments, answers=""):
        path = suite.home / "answers.txt"
        path.write_text(answers)
        with open(path, "rb") as file:
            return suite.run("learn", *arguments, "--quiz", stdin=file)
    said = [answered("L4", "--seed", "1", answers=f"{i}\n").stdout.decode() for i in range(1, 5)]
    suite.check("one of four answers is right", sum("Right." in text for text in said) == 1, said)
    suite.check("wrong answers are explained", sum("No." in text and "Right is" in text for text in said) == 3, said)
    orders = {answered("L4", "--seed", str(seed), answers="q\n").stdout for seed in range(12)}
    suite.check("answers come in many orders", len(orders) > 4, len(orders))
    done = answered("--seed", "3", answers="nonsense\n1\n2\nq\n")
    suite.check("the quiz counts", done.returncode == 0 and b" of 2 right" in done.stdout, done.stdout[-200:])


def test_own_rates(suite):
    """Statements hold on a healthy table whatever the network's stability limit is: built-in rates are for the built-in networks."""
    rows = [f"{(i % 17) / 17 - 0.5},{(i % 5) / 5},{3e9 + 1e8 * ((i * 7919) % 100)}" for i in range(120)]
    (suite.home / "steep.csv").write_text("x,z,y\n" + "\n".join(rows) + "\n")
    for statement in ("L2", "L10", "L39", "L47"):
        for table, target in (("steep.csv", "y"), ("prices.csv", "price")):
            done = suite.run("learn", statement, "--data", table, "--target", target)
            suite.check(f"{statement} holds on {table}", done.returncode == 0, done.stdout.decode()[-500:])


def test_usage(suite):
    suite.is_error("unknown statement", suite.run("learn", "L48"), 2, "E0130")
    suite.is_error("seeds for one statement", suite.run("learn", "L2", "--seeds", "3"), 2, "E0105")
    suite.is_error("check takes no data", suite.run("learn", "check", "--data", "kinds.csv"), 2, "E0105")
    suite.is_error("missing file", suite.run("learn", "L2", "--data", "none.csv", "--target", "x"), 4, "E0401")
    suite.is_error("a quiz is no JSON", suite.run("learn", "--quiz", "--json"), 2, "E0105")


def main():
    suite = Suite(sys.argv[1])
    for test in (test_list, test_one, test_check, test_own, test_own_in_bf16, test_quiz, test_own_rates, test_usage):
        test(suite)
    return suite.finish()


if __name__ == "__main__":
    sys.exit(main())
