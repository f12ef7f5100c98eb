// The smallest change of a row that changes a model's answer, in the table's own columns and units, verified by the shipped engine.
#pragma once

#include <span>
#include <string>

#include "api/prepared_data.h"
#include "chainrule/explanation.h"
#include "chainrule/model.h"

namespace chainrule::api {

/// What the model says to one row in feature space: class or number, and the class's probability or the number.
struct Answer { std::string text; double score = 0; };
Answer predicted_answer(Model& model, std::span<const float> x);

/// Row `row` of the table, whose inputs are in `numbers`. Numbers stay within the table's range of their column, categories switch levels;
/// dates, missing cells and the columns in request.hold stay. Throws Error E0112 (a regression without `until`), E0310 (unknown column).
Counterfactual find_counterfactual(Model& model, const data::Table& table, std::size_t row, const NumberTable& numbers,
                                   const ExplainRequest& request);

}  // namespace chainrule::api
