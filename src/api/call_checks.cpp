// A few comparisons for each call, and one pass over the numbers of its rows, which the engine reads anyway.
#include "api/call_checks.h"

#include <cmath>

#include "chainrule/error.h"
#include "math/losses.h"

namespace chainrule::api {
namespace {

constexpr std::size_t kMostRows = std::size_t{1} << 32;  // docs/arithmetic.md: row numbers have 32 bits

std::string named(const char* call, const std::string& argument) { return std::string(call) + "(), " + argument; }

bool takes_labels(Loss loss) noexcept { return loss == Loss::cross_entropy || loss == Loss::binary_cross_entropy || loss == Loss::hinge; }

}  // namespace

[[noreturn]] void refuse_argument(const char* call, const std::string& argument, const std::string& problem, const std::string& hint) {
  throw Error("E0223", named(call, argument), problem, hint);
}

[[noreturn]] void refuse_empty(const char* what) {
  throw Error("E0226", what, std::string("this ") + what + " is empty: it was moved from", "use the one that it was moved to");
}

void check_size(const char* call, const char* argument, std::size_t given, std::size_t wanted, const char* shape) {
  if (given != wanted) {
    refuse_argument(call, argument, "holds " + std::to_string(given) + " values, not " + std::to_string(wanted), std::string("it is ") + shape);
  }
}

void check_rows(const char* call, const NetworkSpec& network, std::size_t max_batch, const Samples& samples, std::span<const std::uint32_t> rows) {
  if (rows.empty()) refuse_argument(call, "rows", "is empty", "a step takes at least one row");
  if (rows.size() > max_batch) {
    refuse_argument(call, "rows", "holds " + std::to_string(rows.size()) + " rows, more than max_batch, " + std::to_string(max_batch),
                    "make the network with a larger PlanOptions::max_batch");
  }
  if (samples.x == nullptr) refuse_argument(call, "samples.x", "is null", "it is [rows, inputs]");
  if (samples.inputs != network.inputs) {
    refuse_argument(call, "samples.inputs", "is " + std::to_string(samples.inputs) + ", the network has " + std::to_string(network.inputs));
  }
  for (const std::uint32_t row : rows) {
    if (row >= samples.rows) {
      throw Error("E0224", named(call, "rows"), "there is no row " + std::to_string(row), "samples.rows is " + std::to_string(samples.rows));
    }
  }
  for (std::size_t i = 0; samples.weights != nullptr && i < rows.size(); ++i) {
    const float weight = samples.weights[rows[i]];
    if (weight >= 0 && std::isfinite(weight)) continue;
    throw Error("E0225", named(call, "samples.weights"), "the weight of row " + std::to_string(rows[i]) + " is " + std::to_string(weight),
                "a weight is a finite number of at least 0; 0 leaves the row out");
  }
}

void check_answers(const char* call, const NetworkSpec& network, const Samples& samples, std::span<const std::uint32_t> rows) {
  const std::size_t outputs = network.outputs(), targets = math::target_count(network.loss.kind, outputs);
  if (samples.labels == nullptr) {
    if (samples.y == nullptr) refuse_argument(call, "samples", "has neither y nor labels", "a step learns from true answers");
    if (samples.targets == targets) return;
    refuse_argument(call, "samples.targets", "is " + std::to_string(samples.targets) + ", the network has " + std::to_string(targets) + " targets");
  }
  if (!takes_labels(network.loss.kind)) {
    refuse_argument(call, "samples.labels", "are given to the loss " + std::string(name(network.loss.kind)), "give numbers as samples.y");
  }
  const std::size_t classes = targets == 1 ? 2 : targets;
  for (const std::uint32_t row : rows) {
    const std::int32_t label = samples.labels[row];
    if (label >= 0 && static_cast<std::size_t>(label) < classes) continue;
    throw Error("E0225", named(call, "samples.labels"), "the label of row " + std::to_string(row) + " is " + std::to_string(label),
                "labels are 0 to " + std::to_string(classes - 1));
  }
}

void check_options(const PlanOptions& options) {
  if (static_cast<std::size_t>(options.engine) >= names<EngineKind>().size()) refuse_argument("Network", "options.engine", "is no engine");
  if (options.threads < 0) refuse_argument("Network", "options.threads", "is " + std::to_string(options.threads), "0 is as many as help");
  if (options.max_batch < 1 || options.max_batch >= kMostRows) {
    refuse_argument("Network", "options.max_batch", "is " + std::to_string(options.max_batch), "it is 1 to 2^32 - 1 rows");
  }
}

}  // namespace chainrule::api
