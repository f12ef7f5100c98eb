"""onnxruntime: prediction only."""
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from peer import serve


def model_of(problem):
    nodes, constants, at = [], [], "x"
    pairs = problem.weights()
    for l, (weight, bias) in enumerate(pairs):
        constants += [numpy_helper.from_array(weight, f"w{l}"), numpy_helper.from_array(bias, f"b{l}")]
        nodes.append(helper.make_node("Gemm", [at, f"w{l}", f"b{l}"], [f"z{l}"]))
        at = f"z{l}"
        if l + 1 < len(pairs):
            nodes.append(helper.make_node("Relu", [at], [f"a{l}"]))
            at = f"a{l}"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [problem.batch, problem.widths[0]])
    y = helper.make_tensor_value_info(at, TensorProto.FLOAT, [problem.batch, problem.widths[-1]])
    graph = helper.make_graph(nodes, "mlp", [x], [y], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def prepare(problem, threads):
    if not problem.predict:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model_of(problem).SerializeToString(), options, providers=["CPUExecutionProvider"])
    x = list(problem.arrays()[0])
    calls = problem.calls_in(0.002)

    def call():
        for i in range(calls):
            session.run(None, {"x": x[i % len(x)]})

    return [("session", call, calls * problem.batch)]


serve("onnxruntime", onnxruntime.__version__, prepare)
