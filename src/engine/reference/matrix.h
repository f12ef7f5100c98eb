// A row-major matrix, as plain as possible: m(row, column).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace chainrule::reference {

/// Owns its values. reshape() within the reserved size allocates nothing.
template <class T>
struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<T> values;

  void reserve(std::size_t most_rows, std::size_t most_columns) { values.reserve(most_rows * most_columns); }
  void reshape(std::size_t new_rows, std::size_t new_columns) {
    rows = new_rows;
    columns = new_columns;
    values.resize(rows * columns);
  }
  void fill(T value) {
    for (T& element : values) element = value;
  }
  T& operator()(std::size_t row, std::size_t column) { return values[row * columns + column]; }
  const T& operator()(std::size_t row, std::size_t column) const { return values[row * columns + column]; }
};

/// A matrix that lies inside somebody else's vector, for example a weight tensor in the parameters.
template <class T>
struct MatrixView {
  T* data = nullptr;
  std::size_t rows = 0, columns = 0;

  T& operator()(std::size_t row, std::size_t column) const { return data[row * columns + column]; }
};

}  // namespace chainrule::reference
