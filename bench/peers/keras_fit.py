"""Keras on TensorFlow: Model.fit, with XLA and without, 32 steps an execution."""
import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras  # noqa: E402
import tensorflow  # noqa: E402

from peer import serve  # noqa: E402


def model_of(problem, xla, steps):
    model = keras.Sequential([keras.Input((problem.widths[0],))])
    for units in problem.widths[1:-1]:
        model.add(keras.layers.Dense(units, activation="relu"))
    model.add(keras.layers.Dense(problem.widths[-1]))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True) if problem.classes else "mse"
    optimizer = keras.optimizers.Adam(1e-4) if problem.optimizer == "adam" else keras.optimizers.SGD(1e-4)
    model.compile(optimizer=optimizer, loss=loss, jit_compile=xla, steps_per_execution=steps)
    return model


def prediction(problem):
    model = model_of(problem, True, 1)
    x = [tensorflow.constant(a) for a in problem.arrays()[0]]
    run = tensorflow.function(model, jit_compile=True)
    calls = problem.calls_in(0.002)

    def call():
        for i in range(calls):
            run(x[i % len(x)])

    return call, calls * problem.batch


def prepare(problem, threads):
    if problem.predict:
        return [("jit_compile", *prediction(problem))]
    batches = min(problem.calls_in(0.2), 256)
    x, y = problem.arrays(batches)
    x, y = x.reshape(-1, x.shape[-1]), y.reshape(len(x.reshape(-1, x.shape[-1])), -1)
    found = []
    for xla in (True, False):
        model = model_of(problem, xla, min(batches, 32))
        data = tensorflow.data.Dataset.from_tensor_slices((x, y)).batch(problem.batch).cache().prefetch(4)
        found.append(("XLA" if xla else "no XLA", lambda model=model, data=data: model.fit(data, verbose=0), len(x)))
    return found


count = len(os.sched_getaffinity(0))
tensorflow.config.threading.set_intra_op_parallelism_threads(count)
tensorflow.config.threading.set_inter_op_parallelism_threads(1)
serve("keras", f"{keras.__version__} on tensorflow {tensorflow.__version__}", prepare)
