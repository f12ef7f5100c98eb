// Does this very network compute and learn what it should on these rows? Each check is one CheckItem.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chainrule/explain.h"
#include "chainrule/network_spec.h"
#include "engine/reference/gradient_check.h"

namespace chainrule::explain {

/// What is checked: a network, its parameters in layout order, and rows it can be trained on (with y or labels).
struct Subject {
  const NetworkSpec& network;
  const TrainingSpec& training;
  std::span<const float> parameters;
  Samples samples;
};

/// "gradient": back-propagation against finite differences in fp64 with frozen masks; samples parameters of every tensor, and inputs.
/// value is the largest relative error, limit 1e-6.
CheckItem check_gradient(const Subject& subject);
/// The same with somebody else's gradients.
CheckItem judge_gradient(const Subject& subject, const reference::ClaimedGradients& claimed);
/// The batch, network and step that check_gradient uses, for making claims.
reference::Batch<double> gradient_batch(const Subject& subject);
reference::ReferenceNetwork<double> gradient_network(const Subject& subject);

/// "initial_loss": the loss before training against that of a network that knows nothing (all outputs 0: ln K for K classes, the variance
/// for scaled regression targets). value is the loss, limit the highest that passes.
CheckItem check_initial_loss(const Subject& subject);
/// "overfit_one_batch": a fresh copy without regularisation must nearly learn a few rows by heart. value is the share of the learnable loss
/// that is left, limit 0.1.
CheckItem check_overfit_one_batch(const Subject& subject);
/// "determinism": steps on 1, 2 and 3 threads and on the reference engine give the same bits. value counts differing parameters, limit 0.
CheckItem check_determinism(const Subject& subject);

/// All of them; max_relative_error is the gradient check's.
CheckReport run_checks(const Subject& subject);

}  // namespace chainrule::explain
