// Weights of rows: from a column, from class weights, or both multiplied.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/byte_stream.h"
#include "data/table.h"
#include "features/feature_set.h"
#include "train/data_part.h"

namespace chainrule::api {

/// One weight >= 0 per row; throws E0310 (unknown column), E0327 (negative, missing, infinite or no number: file,
/// line).
std::vector<double> column_weights(const data::Table& table, const std::string& column);

/// One factor per class. "balanced": rows / (classes * rows of the class) over the training rows, 0 rows gives 1.
/// Otherwise a file of `class,weight` lines; classes it does not name weigh 1. Throws E0322 (unknown class), E0327 (bad
/// weight, or a class named twice).
/// `how` says when to stop and takes the file's digest. `left_out`: classes that the file does not name.
std::vector<double> class_weights(const std::string& text, const std::vector<std::string>& classes,
                                  std::span<const std::int32_t> labels, std::span<const std::uint32_t> train_rows,
                                  const data::InputOptions& how, std::vector<std::string>& left_out);

/// Weight of each row: its column's value times its class's weight, normalised over `rows`; empty when the target has neither.
std::vector<float> row_weights(const data::Table& table, const features::TargetState& target, std::span<const std::int32_t> labels,
                               std::span<const std::uint32_t> rows);

/// Whether at least `count` rows weigh more than 0.
bool weighs_something(const training::DataPart& part, std::size_t count = 1);

/// Divided by their mean over `rows`, so that it is 1 there: a common factor of all weights changes nothing. All 0 there: as they are.
std::vector<float> normalized_weights(std::vector<double> weights, std::span<const std::uint32_t> rows);

}  // namespace chainrule::api
