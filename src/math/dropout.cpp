// The constants of each dropout kind.
#include "math/dropout.h"

namespace chainrule::math {

DropoutConstants dropout_constants(DropoutKind kind, double rate) noexcept {
  const double p = 1 - rate;
  DropoutConstants c;
  c.threshold = static_cast<std::uint32_t>(rate * 4294967296.0);
  if (kind == DropoutKind::inverted) c.kept = 1 / p;
  if (kind == DropoutKind::standard || kind == DropoutKind::dropconnect) c.predict_scale = p;
  if (kind == DropoutKind::gaussian) c.deviation = sqrt(rate / p);
  if (kind == DropoutKind::alpha) {
    c.alpha_value = -kSeluScale * kSeluAlpha;
    c.alpha_scale = 1 / sqrt(p + c.alpha_value * c.alpha_value * p * rate);
    c.alpha_shift = -c.alpha_scale * c.alpha_value * rate;
  }
  return c;
}

}  // namespace chainrule::math
