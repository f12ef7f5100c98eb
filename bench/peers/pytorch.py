"""PyTorch: `eager` (the fastest of its forms of the optimiser) or `compile` (torch.compile around forward, loss and optimiser)."""
import sys

import torch
from torch import nn

from peer import serve

COMPILED = sys.argv[1] == "compile"


def network_of(problem):
    layers = []
    for weight, bias in problem.weights():
        layer = nn.Linear(*weight.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight.T))
            layer.bias.copy_(torch.from_numpy(bias))
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def optimizer_of(problem, network, form):
    kind = torch.optim.Adam if problem.optimizer == "adam" else torch.optim.SGD
    return kind(network.parameters(), lr=1e-4, **form)


def training(problem, form, compile_optimizer=False):
    """A call that takes several steps."""
    network = network_of(problem)
    optimizer = optimizer_of(problem, network, form)
    loss = nn.CrossEntropyLoss() if problem.classes else nn.MSELoss()
    x, y = (torch.from_numpy(a) for a in problem.arrays())

    def forward(inputs, target):
        return loss(network(inputs), target)

    update = optimizer.step
    if COMPILED:
        forward = torch.compile(forward)
    if compile_optimizer:
        update = torch.compile(optimizer.step)
    batches = list(zip(x, y))
    calls = min(max(problem.calls_in(0.01), 1), 64)

    def call():
        for i in range(calls):
            optimizer.zero_grad(set_to_none=True)
            forward(*batches[i % len(batches)]).backward()
            update()

    return call, calls * problem.batch


def prediction(problem):
    network = network_of(problem).eval()
    x = list(torch.from_numpy(problem.arrays()[0]))
    if COMPILED:
        network = torch.compile(network)
    calls = problem.calls_in(0.002)

    def call():
        with torch.inference_mode():
            for i in range(calls):
                network(x[i % len(x)])

    return call, calls * problem.batch


def prepare(problem, threads):
    torch.set_num_threads(threads)
    if problem.predict:
        return [("inference mode", *prediction(problem))]
    forms = [("foreach", {"foreach": True}), ("fused", {"fused": True})]
    if not COMPILED:
        forms.append(("loop", {"foreach": False, "fused": False}))
    found = [(name, *training(problem, form)) for name, form in forms]
    if COMPILED:
        found.append(("optimiser compiled too", *training(problem, {"foreach": True}, compile_optimizer=True)))
    return found


torch.set_num_interop_threads(1)
serve("pytorch compile" if COMPILED else "pytorch eager", torch.__version__, prepare)
