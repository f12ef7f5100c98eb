// Explanations of a model's answers, with the names of its data.
#include "chainrule/explain.h"

#include "api/labelled_rows.h"
#include "api/model_impl.h"
#include "api/prepared_data.h"
#include "api/setting_text.h"
#include "chainrule/error.h"
#include "data/table.h"
#include "explain/explain.h"

namespace chainrule {
namespace {

std::string true_answer(const Model::Impl& model, const data::Table& table, std::size_t row) {
  return table.columns[table.find_column(model.file.features.target.name)].text(row);
}

std::string answer(Model& model, std::span<const float> x) {
  const Model::Impl& impl = model.impl();
  std::vector<float> outputs(impl.file.network.outputs());
  model.predict_inputs(x, outputs);
  if (!impl.unit.classification) {
    return api::write_number(
        static_cast<double>(training::target_predictions(impl.file.network, impl.unit, outputs, 1)[0]));
  }
  const std::vector<float> p = training::class_probabilities(impl.file.network, outputs, 1, impl.unit.classes.size());
  return impl.unit.classes[training::largest(p)];
}

const std::vector<float>& predicting_parameters(const model::ModelFile& file) {
  return file.averaged.empty() ? file.parameters : file.averaged;
}

}  // namespace

Explanation explain_row(Model& model, const Table& table, std::size_t row, std::size_t top) {
  const data::Table& rows = table.data();
  if (row >= rows.rows) {
    throw Error("E0329", rows.source, "there is no row " + std::to_string(row),
                "rows are numbered 0 to " + std::to_string(rows.rows - 1));
  }
  const Model::Impl& impl = model.impl();
  std::vector<std::string> warnings;
  const api::NumberTable numbers = api::labelled_rows(impl, rows, warnings);
  Explanation explanation =
      explain::explain_sample(impl.file.network, predicting_parameters(impl.file), numbers.samples(), row, top);
  explanation.row = row;
  explanation.truth = true_answer(impl, rows, row);
  explanation.prediction = answer(model, std::span(numbers.x).subspan(row * numbers.inputs, numbers.inputs));
  return explanation;
}

}  // namespace chainrule
