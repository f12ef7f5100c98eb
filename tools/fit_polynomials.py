#!/usr/bin/env python3
"""Fits the polynomials of src/math/elementary.h: minimax (Remez exchange) in 40 digits, printed as C++ constants.

Needs mpmath. Each fit prints the largest weighted error, so that a degree can be chosen for a last bit of fp32 (6e-8).
"""
from mpmath import mp, mpf, exp, expm1, log, log1p, sqrt, tanh, erf, erfc, erfinv, pi, lu_solve, matrix, cos

mp.dps = 40


def solve(f, weight, nodes, degree):
    """The polynomial whose weighted error has equal size and alternating sign at degree + 2 nodes."""
    rows = matrix(degree + 2, degree + 2)
    right = matrix(degree + 2, 1)
    for i, x in enumerate(nodes):
        for k in range(degree + 1):
            rows[i, k] = x**k
        rows[i, degree + 1] = (-1) ** i / weight(x)
        right[i] = f(x)
    return list(lu_solve(rows, right))[:-1]


def value(coefficients, x):
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def remez(f, weight, low, high, degree, rounds=8, grid=600):
    low, high = mpf(low), mpf(high)
    n = degree + 2
    nodes = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / (n - 1)) for i in range(n)]
    points = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / grid) for i in range(grid + 1)]
    samples = [(x, f(x), weight(x)) for x in points]
    for _ in range(rounds):
        c = solve(f, weight, nodes, degree)
        errors = [w * (value(c, x) - y) for x, y, w in samples]
        peaks = []  # the largest error of each run of one sign
        for x, e in zip(points, errors):
            if peaks and (e > 0) == (peaks[-1][1] > 0):
                if abs(e) > abs(peaks[-1][1]):
                    peaks[-1] = (x, e)
            else:
                peaks.append((x, e))
        while len(peaks) > n:
            peaks.pop(0 if abs(peaks[0][1]) < abs(peaks[-1][1]) else -1)
        if len(peaks) < n:
            break
        nodes = [x for x, _ in peaks]
    return c, max(abs(e) for e in errors)


def show(name, f, weight, low, high, degree):
    c, worst = remez(f, weight, low, high, degree)
    print(f"{name}: degree {degree}, worst weighted error {mp.nstr(worst, 3)}")
    print("  " + ", ".join(mp.nstr(x, 10) for x in c))


TINY = mpf("1e-9")


def away(x):
    """0 is moved aside: the quotients below are 0/0 there."""
    return x if abs(x) > TINY else TINY


show("exp", lambda r: (expm1(away(r)) - away(r)) / away(r) ** 2, lambda r: abs(away(r)), -0.3470, 0.3470, 5)
show("log", lambda f: (log1p(away(f)) - away(f) + away(f) ** 2 / 2) / away(f) ** 3,
     lambda f: away(f) ** 3 / log1p(away(f)), sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1, 8)
show("tanh", lambda u: (tanh(sqrt(away(u))) / sqrt(away(u)) - 1) / away(u), lambda u: u + mpf("1e-3"), 0, 0.36, 4)
show("erf", lambda u: erf(sqrt(away(u))) / sqrt(away(u)) - 1, lambda u: mpf(1), 0, 1, 6)
show("erfc tail", lambda a: -log(erfc(a)), lambda a: erfc(a) / erf(a), 1, 4.0, 7)


def quantile_factor(w):
    """sqrt(2) * erfinv(x) / x at the x with 1 - x^2 = exp(-w)."""
    x = sqrt(-expm1(-w)) if w > TINY else TINY
    return sqrt(mpf(2)) * (erfinv(x) / x)


show("quantile centre", lambda w: quantile_factor(w + mpf("2.5")), lambda w: 1 / quantile_factor(w + mpf("2.5")), -2.5, 2.5, 9)
show("quantile tail", lambda s: quantile_factor((s + 3) ** 2), lambda s: 1 / quantile_factor((s + 3) ** 2),
     sqrt(mpf(5)) - 3, sqrt(mpf(18)) - 3, 8)
