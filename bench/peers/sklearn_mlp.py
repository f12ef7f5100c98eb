"""scikit-learn: MLPClassifier or MLPRegressor, partial_fit over many batches a call. Two classes are one logistic output to it."""
import warnings

import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from peer import serve


def model_of(problem):
    kind = MLPClassifier if problem.classes else MLPRegressor
    return kind(hidden_layer_sizes=tuple(problem.widths[1:-1]), solver=problem.optimizer, learning_rate_init=1e-4, alpha=0, momentum=0,
                nesterovs_momentum=False, batch_size=problem.batch, random_state=1)


def prepare(problem, threads):
    threadpool_limits(threads)
    batches = 1024 if problem.batch == 1 else 1 if problem.batch >= 1024 else 16
    x, y = problem.arrays(batches)
    x = x.reshape(-1, x.shape[-1])
    y = y.reshape(-1)
    model = model_of(problem)
    classes = {"classes": list(range(problem.widths[-1]))} if problem.classes else {}
    model.partial_fit(x[: problem.batch], y[: problem.batch], **classes)
    if problem.predict:
        rows = x[: problem.batch]
        return [("predict", lambda: model._forward_pass_fast(rows, check_input=False), len(rows))]
    return [("partial_fit", lambda: model.partial_fit(x, y), len(x))]


warnings.filterwarnings("ignore")
serve("scikit-learn", sklearn.__version__, prepare)
