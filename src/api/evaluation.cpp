// Measures a model on a file; rows that it was trained on are told from the others.
#include "api/model_impl.h"
#include "api/prepared_data.h"
#include "chainrule/error.h"
#include "chainrule/model.h"
#include "data/input.h"
#include "data/table.h"

namespace chainrule {
namespace {

using Facts = std::map<std::string, std::string>;

std::string fact(const Facts& facts, const std::string& name) {
  const auto found = facts.find(name);
  return found == facts.end() ? "" : found->second;
}

/// The settings that decided which rows had which part.
TrainSettings settings_of_run(const model::ModelFile& file) {
  TrainSettings settings;
  for (const auto& [name, text] : file.facts) {
    if (name.starts_with("setting ")) set_train_setting(settings, name.substr(8), text, "model file");
  }
  settings.target = file.features.target.name;
  settings.task = file.features.target.classification ? Task::classification : Task::regression;
  settings.loss_given = true;
  settings.loss = file.network.loss.kind;
  settings.training.seed = file.training.seed;
  return settings;
}

/// The run's own data, when this file is it: the digest stands for every file the run has read. Counting rows first spares other files
/// a second reading.
std::optional<api::PreparedData> data_of_run(const model::ModelFile& file, const std::string& path, std::size_t rows) {
  const std::string digest = fact(file.facts, "data digest");
  if (digest.empty() || fact(file.facts, "rows") != std::to_string(rows) || path == "-") return {};
  try {
    api::PreparedData data = api::prepare_data({path, nullptr, file.features, true, {}}, settings_of_run(file));
    if (data.digest == digest) return data;
  } catch (const Error& error) {  // of other data: its split need not be possible, nor need its other files be there
    if (error.kind() == ErrorKind::file && error.where() == path) throw;
  }
  return {};
}

}  // namespace

Evaluation Model::evaluate_file(const std::string& path, const ReadOptions& options) {
  const Table table = read(path, options);
  Evaluation result;
  result.all = evaluate(table);
  constexpr std::string_view kMark = "warning: ";
  for (const std::string& note : table.notes()) {
    if (note.starts_with(kMark)) result.warnings.push_back(note.substr(kMark.size()));
  }
  result.digest = digest();
  const std::optional<api::PreparedData> run = data_of_run(impl().file, path, table.data().rows);
  if (!run) return result;
  result.trained_on = true;
  for (const auto& [name, part] : {std::pair{"training", &run->train}, {"validation", &run->validation}, {"test", &run->test}}) {
    if (part->empty() || fact(impl().file.facts, std::string(name) + " rows") != std::to_string(part->size())) continue;
    std::vector<float> x, outputs(part->size() * impl().file.network.outputs());
    for (std::size_t i = 0; i < part->size(); ++i) x.insert(x.end(), part->x(i), part->x(i) + impl().file.network.inputs);
    impl().network.predict(x.data(), part->size(), outputs.data());
    result.parts.push_back({name, training::measure(impl().file.network, impl().unit, *part, outputs, impl().file.parameters)});
  }
  return result;
}

}  // namespace chainrule
