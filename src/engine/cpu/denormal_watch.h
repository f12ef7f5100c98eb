// When updates take the way that denormal numbers in the optimiser's state do not slow down.
#pragma once

#include <cstddef>

namespace chainrule::engine::cpu {

/// Where a gradient stays zero (units of a relu that are off) decaying means end among the denormals and stay there: rounding keeps them from
/// zero, and quotients and roots of a vector with one of them take a processor three times as long. math::UpdateShape::fades goes around that
/// with the same bits but makes healthy vectors slower by a third, so it is taken while every eighth is slowed; one of 64 updates looks.
class DenormalWatch {
 public:
  bool fades() const noexcept { return fades_; }
  bool looks() const noexcept { return updates_ % 64 == 0; }
  /// After every update: `slowed` of all `elements` share a vector with a denormal.
  void updated(std::size_t slowed, std::size_t elements) noexcept {
    if (looks()) fades_ = slowed > elements / 8;
    ++updates_;
  }

 private:
  unsigned updates_ = 0;
  bool fades_ = false;
};

}  // namespace chainrule::engine::cpu
