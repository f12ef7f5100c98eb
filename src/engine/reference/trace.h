// Everything one pass through a layer computed, kept so that explanations and checks can look at it.
#pragma once

#include <vector>

#include "engine/reference/matrix.h"

namespace chainrule::reference {

/// Matrices are [rows, units] unless said. Forward fills the upper part, backward the lower.
template <class T>
struct LayerTrace {
  Matrix<T> weight;       ///< W as used, [units, inputs]: masked or scaled under DropConnect, else 0 x 0
  Matrix<T> weight_mask;  ///< DropConnect's m while training, [units, inputs], else 0 x 0
  Matrix<T> z;            ///< W a_in + b
  Matrix<T> xhat;         ///< normalised z; 0 x 0 without a norm
  Matrix<T> n;            ///< what the activation saw: z, or the norm's scale * xhat + shift
  Matrix<T> slope;        ///< derivative of the activation at n
  Matrix<T> mask;         ///< dropout's m, 1 where nothing is dropped or scaled
  Matrix<T> factor;       ///< slope * mask: da/dn of the whole block without the residual
  Matrix<T> a;            ///< the layer's output
  std::vector<double> rstd;  ///< 1 / standard deviation: per row (layer norm) or per unit (batch norm)
  bool batch_statistics = false;  ///< batch norm used the batch's own mean and variance

  Matrix<T> da;  ///< dL/da
  Matrix<T> dn;  ///< dL/dn
  Matrix<T> dz;  ///< dL/dz
};

/// What happened to the inputs before the first layer; [rows, inputs].
template <class T>
struct InputTrace {
  Matrix<T> before_scale;  ///< x with noise
  Matrix<T> mask;          ///< input dropout's m, 1 where nothing is dropped or scaled
  Matrix<T> a;             ///< what the first layer saw
  Matrix<T> da;            ///< dL/da
  Matrix<T> dx;            ///< dL/dx
};

}  // namespace chainrule::reference
