// Does this very network compute and learn what it should on these rows? Each check is one CheckItem.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/explain.h"
#include "chainrule/network_spec.h"
#include "engine/reference/gradient_check.h"

namespace chainrule::explain {

/// What is checked: a network, its parameters in layout order, and rows it can be trained on (with y or labels); and, for the checks that
/// take steps, how it is trained.
struct Subject {
  const NetworkSpec& network;
  const TrainingSpec& training;
  std::span<const float> parameters;
  Samples samples;
  bool trained = false;                     ///< parameters are those of a finished run
  std::span<const float> start = {};        ///< where training begins; empty: net::initial_parameters
  std::span<const std::uint32_t> rows = {}; ///< training rows; empty: all
  std::size_t batch = 32;
  std::uint64_t epochs = 100;
};

/// At most `most` training rows of weight above 0, in the order of the first epoch.
std::vector<std::uint32_t> rows_to_look_at(const Subject& subject, std::size_t most);
/// Where training begins.
std::vector<float> start_of(const Subject& subject);
/// The same network without anything random or restraining, to see what it can do.
NetworkSpec without_regularisation(NetworkSpec spec);
/// The loss on `batch` with the batch's own statistics and no masks, in fp64.
double fp64_loss(const NetworkSpec& spec, std::span<const float> parameters, const reference::Batch<double>& batch);
/// The same parameters with an output layer that always says 0.
std::vector<float> knowing_nothing(const NetworkSpec& spec, std::vector<float> parameters);

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
struct FirstSteps;
CheckItem check_initial_loss(const Subject& subject, const FirstSteps& first);
/// "determinism": steps on 1, 2 and 3 threads and on the reference engine give the same bits. value counts differing parameters, limit 0.
CheckItem check_determinism(const Subject& subject);

/// These, one_batch.h's, unit_health.h's and learning_rate_check.h's; max_relative_error is the gradient check's.
CheckReport run_checks(const Subject& subject);
/// The order of finding_kinds(), and `passed` as the items say.
void settle_report(CheckReport& report);

}  // namespace chainrule::explain
