#!/usr/bin/env python3
"""Writes tests/vectors/optimizers.txt: what PyTorch's and Keras's optimisers really do, step by step, in fp64 and fp32.

Needs torch, keras (its torch backend) and numpy from PyPI; run once per new version:
    KERAS_BACKEND=torch python tools/make_optimizer_vectors.py
src/math/optimizer_vectors_test.cpp replays the figures.

A case is one line `case FORM TYPE key=value...` (the keys are OptimizerSpec fields that differ from default_optimizer(FORM)), then
one line per step with the four weights after it.
"""
import os
import pathlib

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy
import torch

STEPS = 20
START = [0.5, -0.25, 2.0, 1.0e-3]


def gradients():
    """Ordinary, tiny (epsilon matters), large with changing sign, and mostly zero."""
    draw = numpy.random.default_rng(7)
    g = draw.standard_normal((STEPS, 4)) * numpy.array([1.0, 1.0e-6, 50.0, 0.5])
    g[:, 3] *= numpy.arange(STEPS) % 4 == 0
    return g.astype(numpy.float32).astype(numpy.float64)


def run_torch(make, dtype, g):
    torch.set_default_dtype(dtype)  # NAdam keeps its momentum product in the default type
    w = torch.tensor(START, dtype=dtype, requires_grad=True)
    optimizer = make([w])
    for row in g:
        w.grad = torch.tensor(row, dtype=dtype)
        optimizer.step()
        yield w.detach().numpy()


def run_keras(make, dtype, g):
    torch.set_default_dtype(torch.float32)
    keras.backend.set_floatx(dtype)
    w = keras.Variable(numpy.array(START, dtype=dtype), dtype=dtype)
    optimizer = make()
    optimizer.build([w])
    for row in g:
        optimizer.apply([keras.ops.convert_to_tensor(row.astype(dtype))], [w])
        yield keras.ops.convert_to_numpy(w.value)


def torch_cases():
    o = torch.optim
    case = lambda form, kind, changes="", **options: (form, changes, lambda w: kind(w, foreach=False, **options))
    return [
        case("sgd:torch", o.SGD),
        case("sgd:torch", o.SGD, "learning_rate=0.05 weight_decay=0.1", lr=0.05, weight_decay=0.1),
        case("sgd:torch", o.SGD, "momentum=0.8", momentum=0.8),
        case("momentum:torch", o.SGD, momentum=0.9),
        case("momentum:nesterov", o.SGD, "learning_rate=0.02", lr=0.02, momentum=0.9, nesterov=True),
        case("momentum:heavy_ball", o.SGD, "decay_all=1 weight_decay=0.1", lr=0.01, momentum=0.9, weight_decay=0.1),
        case("adam:torch", o.Adam),
        case("adam:torch", o.Adam, "amsgrad=1", amsgrad=True),
        case("adam:torch", o.Adam, "weight_decay=0.1 beta1=0.8 beta2=0.9", weight_decay=0.1, betas=(0.8, 0.9)),
        case("adamw:torch", o.AdamW),
        case("adamw:torch", o.AdamW, "weight_decay=0.5 amsgrad=1 learning_rate=0.01", weight_decay=0.5, amsgrad=True, lr=0.01),
        case("nadam:torch", o.NAdam),
        case("nadam:torch", o.NAdam, "weight_decay=0.1 momentum_decay=0.1", weight_decay=0.1, momentum_decay=0.1),
        case("nadam:torch", o.NAdam, "weight_decay=0.1 decoupled=1", weight_decay=0.1, decoupled_weight_decay=True),
        case("radam:torch", o.RAdam),
        case("radam:torch", o.RAdam, "weight_decay=0.1 beta2=0.99", weight_decay=0.1, betas=(0.9, 0.99)),
        case("rmsprop:torch", o.RMSprop),
        case("rmsprop:torch", o.RMSprop, "centered=1", centered=True),
        case("rmsprop:torch", o.RMSprop, "momentum=0.9 weight_decay=0.1", momentum=0.9, weight_decay=0.1),
        case("rmsprop:torch", o.RMSprop, "momentum=0.5 centered=1", momentum=0.5, centered=True),
        case("adagrad:torch", o.Adagrad),
        case("adagrad:torch", o.Adagrad, "initial_accumulator=0.3 weight_decay=0.1", initial_accumulator_value=0.3, weight_decay=0.1),
        case("adadelta:torch", o.Adadelta),
        case("adadelta:torch", o.Adadelta, "weight_decay=0.1", weight_decay=0.1),
        case("adamax:torch", o.Adamax),
        case("adamax:torch", o.Adamax, "weight_decay=0.1", weight_decay=0.1),
    ]


def keras_cases():
    o = keras.optimizers
    case = lambda form, kind, changes="", **options: (form, changes, lambda: kind(**options))
    return [
        case("sgd:keras", o.SGD),
        case("sgd:keras", o.SGD, "weight_decay=0.1 decoupled=1", weight_decay=0.1),
        case("momentum:keras", o.SGD, momentum=0.9),
        case("momentum:nesterov", o.SGD, momentum=0.9, nesterov=True),
        case("adam:keras", o.Adam),
        case("adam:keras", o.Adam, "amsgrad=1", amsgrad=True),
        case("adamw:keras", o.AdamW),
        case("adamw:keras", o.AdamW, "weight_decay=0.5 learning_rate=0.01", weight_decay=0.5, learning_rate=0.01),
        case("nadam:keras", o.Nadam),
        case("rmsprop:keras", o.RMSprop),
        case("rmsprop:keras", o.RMSprop, "centered=1 momentum=0.5", centered=True, momentum=0.5),
        case("adagrad:keras", o.Adagrad),
        case("adadelta:keras", o.Adadelta),
        case("adamax:keras", o.Adamax),
        case("lion:keras", o.Lion),
        case("lion:keras", o.Lion, "weight_decay=0.1", weight_decay=0.1),
    ]


def text(row):
    """The shortest digits that give the same number back."""
    return " ".join(repr(float(x)) if row.dtype == numpy.float64 else str(x) for x in row)


def lines():
    g = gradients()
    yield f"# by tools/make_optimizer_vectors.py: torch {torch.__version__}, keras {keras.__version__}, numpy {numpy.__version__}"
    yield "start " + " ".join(map(repr, START))
    for row in g:
        yield "gradient " + text(row)
    for form, changes, make in torch_cases():
        for name, dtype in (("float64", torch.float64), ("float32", torch.float32)):
            yield f"case {form} {name} {changes}".rstrip()
            yield from (text(w) for w in run_torch(make, dtype, g))
    for form, changes, make in keras_cases():
        for name in ("float64", "float32"):
            yield f"case {form} {name} {changes}".rstrip()
            yield from (text(w) for w in run_keras(make, name, g))


if __name__ == "__main__":
    path = pathlib.Path(__file__).parent.parent / "tests/vectors/optimizers.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines()) + "\n")
