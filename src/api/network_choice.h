// From settings and data to a checked network and training spec, and the sizes of a run.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "api/prepared_data.h"
#include "chainrule/network_spec.h"

namespace chainrule::api {

/// What is trained and for how long; every choice the program made is a line of `decisions`.
struct NetworkChoice {
  NetworkSpec network;
  TrainingSpec training;
  std::size_t batch = 0;
  std::uint64_t early_stop = 0;
};

/// Throws Error E02xx (spec), E0106 (a setting of a later release), E0231 (--spec does not fit the data).
NetworkChoice choose_network(const TrainSettings& settings, const PreparedData& data,
                             std::vector<std::string>& decisions);

/// The spec that a file holds. Throws Error E0401, E0424, E0220 (larger than any spec) to E0222, E02xx.
ParsedSpec read_spec_file(const std::string& path, const std::atomic<bool>* stop = nullptr);

/// The settings with the loss that --spec names, if it names one. Throws Error E0231 when --loss says another,
/// E0105 for settings that a spec holds, E02xx for a bad spec.
TrainSettings loss_of_spec(TrainSettings settings);

/// Settings that this release knows by name only: Error E0106.
void refuse_later_settings(const TrainSettings& settings);

/// 32 below 2,000 training rows, 128 up to 50,000, 256 above.
std::size_t choose_batch(std::size_t train_rows) noexcept;

}  // namespace chainrule::api
