"""JAX: whole training steps in one compiled lax.scan, with Adam written out; prediction as one compiled function."""
import jax
import jax.numpy as jnp

from peer import serve


def forward(parameters, x):
    for weight, bias in parameters[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = parameters[-1]
    return x @ weight + bias


def loss_of(problem):
    def loss(parameters, x, y):
        out = forward(parameters, x)
        if problem.classes:
            return -jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], 1).mean()
        return ((out - y) ** 2).mean()

    return loss


def adam(state, gradients, rate=1e-4, b1=0.9, b2=0.999, eps=1e-8):
    w, m, v, t = state
    t = t + 1
    m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, gradients)
    v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, v, gradients)
    c1, c2 = 1 - b1 ** t, 1 - b2 ** t
    w = jax.tree.map(lambda w, m, v: w - rate * (m / c1) / (jnp.sqrt(v / c2) + eps), w, m, v)
    return w, m, v, t


def sgd(state, gradients, rate=1e-4):
    w, m, v, t = state
    return jax.tree.map(lambda w, g: w - rate * g, w, gradients), m, v, t


def training(problem):
    x, y = (jnp.asarray(a) for a in problem.arrays())
    gradient = jax.value_and_grad(loss_of(problem))
    update = adam if problem.optimizer == "adam" else sgd
    steps = problem.calls_in(0.05)

    def step(state, i):
        value, gradients = gradient(state[0], x[i % len(x)], y[i % len(x)])
        return update(state, gradients), value

    @jax.jit
    def run(state):
        return jax.lax.scan(step, state, jnp.arange(steps))

    w = [(jnp.asarray(a), jnp.asarray(b)) for a, b in problem.weights()]
    zeros = jax.tree.map(jnp.zeros_like, w)
    held = [(w, zeros, zeros, jnp.float32(0)) if update is adam else (w, (), (), jnp.float32(0))]

    def call():
        held[0], _ = jax.block_until_ready(run(held[0]))

    return call, steps * problem.batch


def prediction(problem):
    x = [jnp.asarray(a) for a in problem.arrays()[0]]
    w = [(jnp.asarray(a), jnp.asarray(b)) for a, b in problem.weights()]
    run = jax.jit(forward)
    calls = problem.calls_in(0.002)

    def call():
        for i in range(calls):
            run(w, x[i % len(x)]).block_until_ready()

    return call, calls * problem.batch


def prepare(problem, threads):
    if problem.predict:
        return [("jit", *prediction(problem))]
    return [("scan", *training(problem))]


serve("jax scan", jax.__version__, prepare)
