// The rows of a table as a model sees them, with their true answers.
#include "api/labelled_rows.h"

#include "chainrule/error.h"
#include "data/table.h"

namespace chainrule::api {

NumberTable labelled_rows(const Model::Impl& model, const data::Table& table, std::vector<std::string>& warnings) {
  if (!features::has_target(model.file.features, table)) {
    throw Error("E0320", table.source, "the target column \"" + model.file.features.target.name + "\" is missing",
                "the loss of a row needs its true answer");
  }
  return apply_features(model.file.features, model.file.network.loss.kind, table, true, warnings);
}

}  // namespace chainrule::api
