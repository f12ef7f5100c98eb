// What a run would do with its data, for `train --dry-run`.
#include <algorithm>

#include "api/network_choice.h"
#include "api/prepared_data.h"

namespace chainrule {

TrainPreview preview_training(const std::string& data, const TrainSettings& settings) {
  api::refuse_later_settings(settings);
  refuse_idle_settings(settings);
  const api::PreparedData prepared = api::prepare_data({data, nullptr, std::nullopt}, settings);
  TrainPreview preview;
  preview.decisions = prepared.decisions;
  const api::NetworkChoice choice = api::choose_network(settings, prepared, preview.decisions);
  PlanOptions options;
  options.engine = settings.engine;
  options.threads = settings.threads;
  options.max_batch = std::max<std::size_t>(1, std::min(choice.batch, prepared.train.size()));
  const Network network(choice.network, choice.training, options);
  preview.plan = network.plan();
  preview.parameters = network.parameter_count();
  preview.spec_toml = spec_to_toml(choice.network, choice.training);
  return preview;
}

}  // namespace chainrule
