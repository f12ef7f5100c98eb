// Gathers the rows of one step; the only place where the caller's floats become T.
#include "engine/reference/batch.h"

namespace chainrule::reference {
namespace {

template <class T>
void gather_rows(const float* from, std::size_t width, std::span<const std::uint32_t> rows, Matrix<T>& to) {
  to.reshape(from == nullptr ? 0 : rows.size(), width);
  for (std::size_t r = 0; r < to.rows; ++r) {
    for (std::size_t k = 0; k < width; ++k) to(r, k) = static_cast<T>(from[rows[r] * width + k]);
  }
}

}  // namespace

template <class T>
void Batch<T>::reserve(std::size_t rows, std::size_t inputs, std::size_t targets) {
  x.reserve(rows, inputs);
  y.reserve(rows, targets);
  labels.reserve(rows);
  weights.reserve(rows);
  ids.reserve(rows);
}

template <class T>
void gather(const Samples& samples, std::span<const std::uint32_t> rows, Batch<T>& batch) {
  gather_rows(samples.x, samples.inputs, rows, batch.x);
  gather_rows(samples.y, samples.y == nullptr ? 0 : samples.targets, rows, batch.y);
  batch.labels.clear();
  batch.weights.clear();
  batch.ids.clear();
  for (const std::uint32_t row : rows) {
    if (samples.labels != nullptr) batch.labels.push_back(samples.labels[row]);
    batch.weights.push_back(samples.weights == nullptr ? T(1) : static_cast<T>(samples.weights[row]));
    batch.ids.push_back(samples.ids == nullptr ? row : samples.ids[row]);
  }
}

template struct Batch<float>;
template struct Batch<double>;
template void gather(const Samples&, std::span<const std::uint32_t>, Batch<float>&);
template void gather(const Samples&, std::span<const std::uint32_t>, Batch<double>&);

}  // namespace chainrule::reference
