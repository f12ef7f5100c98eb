// A bare training step on oneDNN's sgemm: three products a layer and plain vectorised loops between them, nothing else.
#include <oneapi/dnnl/dnnl.hpp>

#include <memory>

#include <omp.h>

#include "peer.h"

namespace {

using Floats = std::vector<float>;

/// Row-major C[m, n] = op(A) op(B); 'T': that operand is stored transposed.
void product(char a_form, char b_form, int m, int n, int k, const float* a, const float* b, float* c) {
  dnnl_sgemm(a_form, b_form, m, n, k, 1, a, a_form == 'T' ? m : k, b, b_form == 'T' ? k : n, 0, c, n);
}

/// The loops below are split among the threads only where that pays.
bool worth_splitting(long elements) { return elements > 16384 && omp_get_max_threads() > 1; }

void add_bias(float* z, const float* bias, int rows, int columns, bool relu) {
#pragma omp parallel for if (parallel : worth_splitting(1L * rows * columns))
  for (int r = 0; r < rows; ++r) {
    float* row = z + 1L * r * columns;
    for (int u = 0; u < columns; ++u) row[u] = relu ? std::max(row[u] + bias[u], 0.0f) : row[u] + bias[u];
  }
}

void relu_backward(float* gradient, const float* a, long count) {
#pragma omp parallel for simd if (parallel : worth_splitting(count))
  for (long i = 0; i < count; ++i) gradient[i] = a[i] > 0 ? gradient[i] : 0;
}

void sum_rows(const float* gradient, float* sums, int rows, int columns) {
  std::fill(sums, sums + columns, 0.0f);
  for (int r = 0; r < rows; ++r) {
    for (int u = 0; u < columns; ++u) sums[u] += gradient[1L * r * columns + u];
  }
}

/// Turns outputs into the gradient of the mean cross-entropy; the loss is summed as the others do.
float softmax_loss(float* out, const std::int64_t* labels, int rows, int columns) {
  float loss = 0;
#pragma omp parallel for reduction(+ : loss) if (parallel : worth_splitting(8L * rows * columns))
  for (int r = 0; r < rows; ++r) {
    float *row = out + 1L * r * columns, top = *std::max_element(row, row + columns), sum = 0;
    loss += top - row[labels[r]];
    for (int u = 0; u < columns; ++u) sum += row[u] = std::exp(row[u] - top);
    loss += std::log(sum);
    const float scale = 1 / (sum * static_cast<float>(rows));
    for (int u = 0; u < columns; ++u) row[u] *= scale;
    row[labels[r]] -= 1 / static_cast<float>(rows);
  }
  return loss;
}

float square_loss(float* out, const float* y, long count) {
  float loss = 0;
  for (long i = 0; i < count; ++i) {
    const float error = out[i] - y[i];
    loss += error * error;
    out[i] = 2 * error / static_cast<float>(count);
  }
  return loss;
}

struct Layer {
  int in, out;
  Floats w, b, dw, db, mw, vw, mb, vb, a, da;
};

class Step {
 public:
  explicit Step(const peer::Problem& problem) : problem_(problem) {
    for (int l = 0; l < problem.layers(); ++l) {
      const int in = problem.widths[l], out = problem.widths[l + 1];
      const Floats of_weights(static_cast<std::size_t>(in) * out), of_bias(out), of_rows(static_cast<std::size_t>(problem.batch) * out);
      layers_.push_back({in, out, problem.weights(l), of_bias, of_weights, of_bias, of_weights, of_weights, of_bias, of_bias, of_rows, of_rows});
    }
  }

  void forward(int batch) {
    const float* x = rows(batch);
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      Layer& layer = layers_[l];
      product('N', 'N', problem_.batch, layer.out, layer.in, x, layer.w.data(), layer.a.data());
      add_bias(layer.a.data(), layer.b.data(), problem_.batch, layer.out, l + 1 < layers_.size());
      x = layer.a.data();
    }
  }

  void train(int batch) {
    forward(batch);
    Layer& last = layers_.back();
    const long first = 1L * batch * problem_.batch;
    loss_ = problem_.classes ? softmax_loss(last.a.data(), problem_.labels.data() + first, problem_.batch, last.out)
                             : square_loss(last.a.data(), problem_.y.data() + first * last.out, 1L * problem_.batch * last.out);
    const float* gradient = last.a.data();
    for (std::size_t l = layers_.size(); l-- > 0;) gradient = backward(l, l == 0 ? rows(batch) : layers_[l - 1].a.data(), gradient);
    ++t_;
    for (Layer& layer : layers_) {
      update(layer.w, layer.dw, layer.mw, layer.vw);
      update(layer.b, layer.db, layer.mb, layer.vb);
    }
  }

 private:
  const float* rows(int batch) const { return problem_.x.data() + 1L * batch * problem_.batch * problem_.widths.front(); }

  /// Gradients of layer l; returns that of its inputs.
  const float* backward(std::size_t l, const float* x, const float* gradient) {
    Layer& layer = layers_[l];
    product('T', 'N', layer.in, layer.out, problem_.batch, x, gradient, layer.dw.data());
    sum_rows(gradient, layer.db.data(), problem_.batch, layer.out);
    if (l == 0) return nullptr;
    float* below = layers_[l - 1].da.data();
    product('N', 'T', problem_.batch, layer.in, layer.out, gradient, layer.w.data(), below);
    relu_backward(below, x, 1L * problem_.batch * layer.in);
    return below;
  }

  void update(Floats& w_values, const Floats& g_values, Floats& m_values, Floats& v_values) {
    const long count = static_cast<long>(w_values.size());
    float *w = w_values.data(), *m = m_values.data(), *v = v_values.data();
    const float* g = g_values.data();
    constexpr float rate = 1e-4f, b1 = 0.9f, b2 = 0.999f, eps = 1e-8f;
    if (!problem_.adam) {
      for (long i = 0; i < count; ++i) w[i] -= rate * g[i];
      return;
    }
    const float step = rate / static_cast<float>(1 - std::pow(0.9, t_)), root = static_cast<float>(1 / std::sqrt(1 - std::pow(0.999, t_)));
#pragma omp parallel for simd if (parallel : worth_splitting(count))
    for (long i = 0; i < count; ++i) {
      m[i] = b1 * m[i] + (1 - b1) * g[i];
      v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
      w[i] -= step * m[i] / (std::sqrt(v[i]) * root + eps);
    }
  }

  const peer::Problem problem_;
  std::vector<Layer> layers_;
  float loss_ = 0;
  long t_ = 0;
};

std::vector<peer::Variant> prepare(const peer::Problem& problem, int threads) {
  omp_set_num_threads(threads);
  auto step = std::make_shared<Step>(problem);
  const int calls = std::max(problem.calls_in(0.002), 1);
  const bool predicts = problem.predicts;
  return {{"sgemm", [=] {
             for (int i = 0; i < calls; ++i) predicts ? step->forward(i % peer::kBatches) : step->train(i % peer::kBatches);
           }, calls * problem.batch}};
}

}  // namespace

int main() {
  const dnnl_version_t* version = dnnl_version();
  peer::serve("oneDNN bare step", std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch), prepare);
}
