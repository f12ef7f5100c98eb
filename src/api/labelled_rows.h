// The rows of a table as a model sees them, with their true answers, which explanations and checks need.
#pragma once

#include <string>
#include <vector>

#include "api/model_impl.h"
#include "api/prepared_data.h"

namespace chainrule::api {

/// Throws Error E0320 when the target column is missing. `warnings` gets a line per column with values that training never saw.
NumberTable labelled_rows(const Model::Impl& model, const data::Table& table, std::vector<std::string>& warnings);

}  // namespace chainrule::api
