// Learning a handful of rows by heart, with their inputs and with zeros in their place.
#pragma once

#include "explain/checks.h"

namespace chainrule::explain {

/// "overfit_one_batch": a fresh copy without regularisation must nearly learn a few rows by heart. value is the share of the learnable loss
/// that is left, limit 0.1. "zero_inputs": the same training with zeroed inputs must do clearly worse. value is the loss reached with
/// inputs, limit what it must be below: the loss reached without them, less a tenth of what that leaves to be learned.
std::vector<CheckItem> check_one_batch(const Subject& subject);

}  // namespace chainrule::explain
