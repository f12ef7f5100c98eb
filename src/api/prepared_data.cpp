// The data of one run, ready to train on.
#include "api/prepared_data.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "api/encoding_lines.h"
#include "api/network_choice.h"
#include "api/row_weights.h"
#include "base/digest.h"
#include "base/shown_text.h"
#include "chainrule/error.h"
#include "data/describe.h"
#include "data/header_line.h"
#include "data/input.h"
#include "data/number.h"
#include "data/row_hash.h"
#include "data/source_digest.h"
#include "data/split.h"
#include "data/table.h"
#include "data/table_stream.h"
#include "features/column_source.h"
#include "files/interruption.h"
#include "math/losses.h"

namespace chainrule::api {
namespace {

std::string in_quotes(const std::string& text) { return "\"" + text + "\""; }

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// The target asked for, or the only label column of an image set.
std::string settle_target(const data::Table& table, const TrainSettings& settings,
                          std::vector<std::string>& decisions) {
  if (!settings.target.empty()) return settings.target;
  if (table.dense.columns > 0 && table.columns.size() == 1) {
    decisions.push_back("target: " + in_quotes(table.columns[0].name) + ", the only column besides the array");
    return table.columns[0].name;
  }
  const std::string suggested = data::describe_table(table).suggested_target;
  throw Error("E0122", table.source, "no target column was given",
              suggested.empty() ? "name the column to predict with --target" : "perhaps --target " + shell_word(suggested));
}

// Few whole numbers with a text among them are classes, unless the text stands in hardly a row.
bool looks_like_classes(const data::Column& target) {
  constexpr std::size_t kMostClasses = 20;
  if (target.type != data::ColumnType::categorical || target.levels.size() > kMostClasses) return false;
  std::vector<std::size_t> cells(target.levels.size(), 0);
  for (const std::int32_t code : target.codes) {
    if (code >= 0) ++cells[static_cast<std::size_t>(code)];
  }
  std::size_t texts = 0, all = 0;
  for (std::size_t level = 0; level < cells.size(); ++level) {
    const data::ParsedNumber number = data::parse_number(target.levels[level], '.');
    if (number.kind == data::CellKind::number && number.value != std::floor(number.value)) return false;
    texts += number.kind == data::CellKind::number ? 0 : cells[level];
    all += cells[level];
  }
  return 20 * texts > all;
}

// What the cells leave open must be settled where an answer is learned from them.
void refuse_doubt(const data::Column& target, Task task) {
  if (!target.doubt || task == Task::classification) return;
  const Error& doubt = *target.doubt;
  if (doubt.code() != "E0349") throw Error(doubt);
  if (task == Task::automatic && looks_like_classes(target)) return;
  throw Error(doubt.code(), doubt.where(), doubt.message(), doubt.hint() + "; if the values are classes, give --task classification");
}

bool settle_task(const data::Column& target, Task task, std::vector<std::string>& decisions) {
  if (task != Task::automatic) return task == Task::classification;
  const features::TaskChoice choice = features::choose_task(target);
  decisions.push_back(std::string("task: ") + (choice.classification ? "classification" : "regression") + ", because " +
                      choice.why);
  return choice.classification;
}

bool loss_classifies(Loss loss) {
  return loss == Loss::cross_entropy || loss == Loss::binary_cross_entropy || loss == Loss::hinge;
}

Loss settle_loss(const TrainSettings& settings, bool classification) {
  if (!settings.loss_given) return classification ? Loss::cross_entropy : Loss::squared_error;
  if (loss_classifies(settings.loss) == classification) return settings.loss;
  throw Error(
      "E0107", "loss",
      std::string(name(settings.loss)) + " does not fit a " + (classification ? "classification" : "regression"),
      classification ? "use cross_entropy, binary_cross_entropy or hinge"
                     : "use squared_error, absolute_error, huber, quantile, poisson or gaussian_nll");
}

// Class numbers for a stratified split, before any feature is fitted; -1 is missing.
std::vector<std::int32_t> provisional_classes(const data::Column& target) {
  if (target.has_texts()) return {target.codes.begin(), target.codes.end()};
  std::vector<double> values;
  for (double v : target.numbers) {
    if (!std::isnan(v)) values.push_back(v);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  std::vector<std::int32_t> classes(target.numbers.size(), -1);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto at = std::lower_bound(values.begin(), values.end(), target.numbers[i]);
    if (!std::isnan(target.numbers[i])) classes[i] = static_cast<std::int32_t>(at - values.begin());
  }
  return classes;
}

void tell_overlap(std::size_t rows, const std::string& what, std::vector<std::string>& decisions) {
  if (rows == 0) return;
  decisions.push_back("warning: " + counted(rows, what) + (rows == 1 ? " occurs" : " occur") +
                      " among the training rows too, cell for cell; their scores flatter the model");
}

data::Split split(const data::Table& table, const TrainSettings& settings, const data::Column& target,
                  bool classification, std::vector<std::string>& decisions) {
  data::SplitRequest request;
  request.kind = settings.split;
  request.validation = as_share(settings.validation).value_or(0);
  request.test = as_share(settings.test).value_or(0);
  request.seed = settings.training.seed;
  request.column = settings.split_column;
  const bool classes =
      classification && (request.kind == SplitKind::automatic || request.kind == SplitKind::stratified);
  data::Split parts =
      data::split_rows(table, request, classes ? provisional_classes(target) : std::vector<std::int32_t>{});
  if (parts.validation.empty() && parts.test.empty()) return parts;
  decisions.push_back("split: " + std::string(name(parts.kind)) + ", " + counted(parts.train.size(), "training row") +
                      ", " + std::to_string(parts.validation.size()) + " for validation, " +
                      std::to_string(parts.test.size()) + " for test");
  tell_overlap(parts.duplicate_rows_across, "validation or test row", decisions);
  return parts;
}

// Classes as the loss wants them: labels for cross-entropy, else 0/1 per output (one output for two classes).
void set_class_targets(NumberTable& numbers, Loss loss, std::size_t classes, const std::vector<std::int32_t>& labels) {
  if (loss == Loss::cross_entropy) {
    numbers.labels = labels;
    return;
  }
  numbers.targets = classes == 2 ? 1 : classes;
  numbers.y.assign(numbers.rows * numbers.targets, 0.0f);
  for (std::size_t row = 0; row < numbers.rows; ++row) {
    const std::size_t label = static_cast<std::size_t>(labels[row]);
    if (numbers.targets == 1)
      numbers.y[row] = label == 1 ? 1.0f : 0.0f;
    else
      numbers.y[row * numbers.targets + label] = 1.0f;
  }
}

void check_counts(const NumberTable& numbers, const data::Table& table) {
  for (std::size_t row = 0; row < numbers.rows; ++row) {
    if (numbers.y[row] >= 0) continue;
    throw Error("E0328", row_name(table, row), "the target is negative, and the poisson loss is for counts",
                "use another loss");
  }
}

training::DataPart part_of(const NumberTable& numbers, std::vector<std::uint32_t> rows) {
  return {numbers.samples(), std::move(rows)};
}

std::vector<std::uint32_t> all_rows(std::size_t rows) {
  std::vector<std::uint32_t> numbers(rows);
  for (std::size_t i = 0; i < rows; ++i) numbers[i] = static_cast<std::uint32_t>(i);
  return numbers;
}

/// What a run reads, part by part, and the digest that stands for all of it.
class RunDigest {
 public:
  data::SourceDigest data, validation, test, class_weights;

  /// Reads what was not read. "": not everything can be read again.
  std::string finish(const std::string& path, const TrainSettings& settings) {
    if (path.empty()) return "";
    const std::atomic<bool>* stop = settings.read.stop;
    std::vector<std::string> parts = {data.finish(path, stop)};
    if (!as_share(settings.validation)) parts.push_back(validation.finish(settings.validation, stop));
    if (!settings.test.empty() && !as_share(settings.test)) parts.push_back(test.finish(settings.test, stop));
    if (!settings.class_weights.empty() && settings.class_weights != "balanced") {
      parts.push_back(class_weights.finish(settings.class_weights, stop));
    }
    if (parts.size() == 1) return parts[0];
    std::string all;
    for (const std::string& part : parts) {
      if (part.empty()) return "";
      all += part;
    }
    return sha256_hex(all.data(), all.size());
  }
};

/// The steps of prepare_data, in order.
class Preparation {
 public:
  Preparation(const DataRequest& request, const TrainSettings& settings) : request_(request), settings_(settings) {}

  PreparedData run() {
    try {
      prepare();
    } catch (const Error& error) {
      // Of other data than the run's, this is the fault; what it leads to only confuses.
      if (error.kind() == ErrorKind::data && !request_.expected_digest.empty()) check_digest();
      throw;
    }
    if (request_.digest || !request_.expected_digest.empty()) check_digest();
    return std::move(data_);
  }

 private:
  void check_digest() {
    data_.digest = digest_.finish(request_.path, settings_);
    if (request_.expected_digest.empty() || data_.digest == request_.expected_digest) return;
    throw Error("E0407", request_.path, "the data, or a file given with --validation, --test or --class-weights, is not what it was when the run began", "restore it, or start a new run with chainrule train");
  }

  void next_phase() const { end_if_asked(settings_.read.stop, data_.table->source); }

  data::SourceDigest* wanted(data::SourceDigest& digest) const {
    return request_.digest || !request_.expected_digest.empty() ? &digest : nullptr;
  }

  void prepare() {
    read();
    next_phase();
    const std::string target = settle_target(*data_.table, settings_, data_.decisions);
    const data::Column& column = find_target(target);
    if (!request_.features) refuse_doubt(column, settings_.task);
    if (!request_.features && settings_.task == Task::automatic) features::refuse_identifiers(*data_.table, column);
    const bool classification = settle_task(column, settings_.task, data_.decisions);
    data_.loss = settle_loss(settings_, classification);
    data::Split parts = split(*data_.table, settings_, column, classification, data_.decisions);
    data_.overlapping_rows = parts.duplicate_rows_across;
    const bool drawn = !parts.validation.empty() || !parts.test.empty();
    if (drawn) data_.split = std::string(name(parts.kind)) + (settings_.split_column.empty() ? "" : ":" + settings_.split_column);
    next_phase();
    fit(parts.train, column.name, classification);
    next_phase();
    const std::vector<std::int32_t> labels = set_numbers(parts.train);
    data_.train = part_of(data_.numbers, std::move(parts.train));
    data_.validation = part_of(data_.numbers, std::move(parts.validation));
    data_.test = part_of(data_.numbers, std::move(parts.test));
    read_other_parts();
    next_phase();
    check_weights();
  }

  void read() {
    data_.table = request_.table;
    if (!data_.table) data_.table = std::make_shared<data::Table>(data::read_table(request_.path, reading_options(settings_), wanted(digest_.data)));
    take_out_of_block();
    data_.decisions = data_.table->notes;
  }

  // Target, weights and groups stand beside an array's other columns.
  void take_out_of_block() {
    for (const std::string& name : {settings_.target, settings_.weight_column, settings_.split_column}) {
      if (name.empty() || data_.table->dense.columns == 0 || data_.table->column_called(name) != nullptr) continue;
      auto table = std::make_shared<data::Table>(*data_.table);
      table->take_out_of_block(name);
      data_.table = std::move(table);
    }
  }

  const data::Column& find_target(const std::string& target) {
    try {
      return data_.table->columns[data_.table->find_column(target)];
    } catch (const Error& error) {
      throw Error("E0311", error.where(), error.message(), error.hint() + data::header_advice(*data_.table));
    }
  }

  void fit(std::span<const std::uint32_t> rows, const std::string& target, bool classification) {
    if (request_.features) {
      data_.features = *request_.features;
    } else {
      std::vector<std::string> ignored;
      if (!settings_.weight_column.empty()) {
        if (data_.table->column_called(settings_.weight_column) == data_.table->column_called(target)) {
          throw Error("E0107", "weight-column", "\"" + target + "\" is the target, which cannot weigh the rows too", "name another column, or none");
        }
        ignored.push_back(settings_.weight_column);
      }
      if (settings_.split == SplitKind::group) ignored.push_back(settings_.split_column);
      for (const std::string& column : ignored) data_.decisions.push_back("not an input: " + in_quotes(column));
      data_.features = features::fit(*data_.table, rows, target, classification, ignored);
      if (data_.loss == Loss::poisson) scale_counts(rows);
    }
    data_.unit = unit_of(data_.features.target);
    for (const std::string& note : data_.features.notes) data_.decisions.push_back(note);
    for (const std::string& line : encoding_lines(data_.features)) data_.decisions.push_back(line);
  }

  // Counts are divided by their mean and not moved: the minimum of the loss stays where it was, and an output of 0, where training
  // begins, is the mean count.
  void scale_counts(std::span<const std::uint32_t> rows) {
    features::TargetState& target = data_.features.target;
    target.center = 0, target.scale = 1;
    const std::vector<double> values = features::numbers_of_target(data_.features, *data_.table);
    double mean = 0;
    for (const std::uint32_t row : rows) mean += values[row] / static_cast<double>(rows.size());
    if (mean > 0) target.scale = mean;  // else a count is negative, which check_counts says
  }

  // Matrix, targets and weights of the main table; returns the classes of its rows, if any.
  std::vector<std::int32_t> set_numbers(std::span<const std::uint32_t> train_rows) {
    data_.numbers = apply_features(data_.features, data_.loss, *data_.table, true, data_.decisions);
    std::vector<std::int32_t> labels;
    if (data_.unit.classification) labels = features::class_labels(data_.features, *data_.table);
    if (!settings_.class_weights.empty()) {
      if (labels.empty())
        throw Error("E0107", "class-weights", "a regression has no classes", "use --weight-column for weights of rows");
      std::vector<double>& per_class = data_.features.target.class_weights;
      std::vector<std::string> left_out;
      per_class = class_weights(settings_.class_weights, data_.unit.classes, labels, train_rows,
                                {settings_.read.stop, nullptr, wanted(digest_.class_weights)}, left_out);
      for (const std::string& name : left_out) {
        data_.decisions.push_back("the class " + in_quotes(name) + " is not named in " + settings_.class_weights + " and weighs 1");
      }
      std::string line = "class weights:";
      for (std::size_t c = 0; c < per_class.size(); ++c)
        line += " " + data_.unit.classes[c] + " " + std::to_string(per_class[c]);
      data_.decisions.push_back(line);
    }
    data_.features.target.weight_column = settings_.weight_column;
    if (!settings_.weight_column.empty()) {
      const data::Column& weight = data_.table->columns[data_.table->find_column(settings_.weight_column)];
      if (weight.type == data::ColumnType::numeric) data_.features.target.weight_style = weight.style;
    }
    data_.numbers.weights = row_weights(*data_.table, data_.features.target, labels, train_rows);
    if (data_.loss == Loss::poisson) check_counts(data_.numbers, *data_.table);
    return labels;
  }

  NumberTable read_part(const std::string& what, const data::Table& table, training::DataPart& part) {
    NumberTable numbers = apply_features(data_.features, data_.loss, table, true, data_.decisions);
    weigh_rows(numbers, data_.features, table);
    const std::size_t repeated = data::count_rows_also_in(table, *data_.table, data_.train.rows);
    data_.overlapping_rows += repeated;
    data_.decisions.push_back(what + ": " + counted(table.rows, "row") + " of " + table.source);
    tell_overlap(repeated, what + " row", data_.decisions);
    part = part_of(numbers, all_rows(table.rows));
    return numbers;
  }

  // What says how the main table is read is part of what is known of the others.
  ReadOptions read_options_of_part() const {
    ReadOptions options = settings_.read;
    if (!data_.features.reading) return options;
    options.header = options.no_header = false;
    options.missing.clear();
    options.decimal.clear();
    options.thousands.clear();
    options.date_order.clear();
    options.comment.clear();
    options.skip = 0;
    return options;
  }

  // Categories keep their texts as written, as they will at prediction.
  data::Table read_labelled(const std::string& path, data::SourceDigest& digest) const {
    return data::read_table(path, read_options_of_part(), features::labelled_table(data_.features, data_.table.get()), wanted(digest));
  }

  void read_other_parts() {
    if (!as_share(settings_.validation)) {
      data_.validation_numbers = read_part("validation", read_labelled(settings_.validation, digest_.validation), data_.validation);
    }
    if (!settings_.test.empty() && !as_share(settings_.test)) {
      data_.test_numbers = read_part("test", read_labelled(settings_.test, digest_.test), data_.test);
    } else if (settings_.test.empty() && !request_.path.empty() && data::has_idx_test_part(request_.path)) {
      data_.test_numbers = read_part("test", data::read_idx_test_part(request_.path, settings_.read.stop, wanted(digest_.data)), data_.test);
    }
  }

  void check_weights() const {
    if (!weighs_something(data_.train)) {
      throw Error("E0327", data_.table->source, "all training rows weigh 0", "give some rows a weight above 0");
    }
    if (!data_.validation.empty() && !weighs_something(data_.validation)) {
      throw Error("E0353", as_share(settings_.validation) ? data_.table->source : settings_.validation,
                  "all validation rows weigh 0, so their loss, which says which epoch is best, is not defined",
                  "give some of them a weight above 0, or do without validation: --validation 0");
    }
  }

  const DataRequest& request_;
  const TrainSettings& settings_;
  PreparedData data_;
  RunDigest digest_;
};

}  // namespace

Samples NumberTable::samples() const {
  Samples view;
  view.x = x.data();
  view.y = y.empty() ? nullptr : y.data();
  view.labels = labels.empty() ? nullptr : labels.data();
  view.weights = weights.empty() ? nullptr : weights.data();
  view.rows = rows;
  view.inputs = inputs;
  view.targets = targets;
  return view;
}

std::size_t PreparedData::outputs() const {
  if (!unit.classification) return math::outputs_per_target(loss);
  return loss != Loss::cross_entropy && unit.classes.size() == 2 ? 1 : unit.classes.size();
}

ReadOptions reading_options(const TrainSettings& settings) {
  ReadOptions options = settings.read;
  if (!settings.target.empty()) options.labels.push_back(settings.target);
  if (settings.split == SplitKind::group) options.groups.push_back(settings.split_column);
  return options;
}

PreparedData prepare_data(const DataRequest& request, const TrainSettings& settings) {
  if (request.features) return Preparation(request, settings).run();  // of a run that settled its loss before
  return Preparation(request, loss_of_spec(settings)).run();
}

NumberTable apply_features(const features::FeatureSet& features, Loss loss, const data::Table& table, bool with_target,
                           std::vector<std::string>& warnings) {
  NumberTable numbers;
  features::ApplyReport report;
  numbers.x = features::apply(features, table, &report);
  numbers.rows = table.rows;
  numbers.inputs = features.inputs;
  for (const std::string& warning : report.warnings) warnings.push_back("warning: " + table.source + ": " + warning);
  if (!with_target) return numbers;
  if (features.target.classification) {
    set_class_targets(numbers, loss, features.target.classes.size(), features::class_labels(features, table));
  } else {
    numbers.y = features::target_values(features, table);
    numbers.targets = 1;
  }
  return numbers;
}

void weigh_rows(NumberTable& numbers, const features::FeatureSet& features, const data::Table& table) {
  const std::string& column = features.target.weight_column;
  try {
    if (!column.empty()) table.find_column(column);
  } catch (const Error& error) {
    throw Error(error.code(), table.source, "there is no column \"" + column + "\", which weighed the rows in training",
                "add it; a column of ones weighs all rows the same");
  }
  const bool by_class = !features.target.class_weights.empty();
  const std::vector<std::int32_t> labels = by_class ? features::class_labels(features, table) : std::vector<std::int32_t>{};
  numbers.weights = row_weights(table, features.target, labels, all_rows(table.rows));
}

training::TargetUnit unit_of(const features::TargetState& target) {
  return {target.classification, target.classes, target.center, target.scale};
}


std::string row_name(const data::Table& table, std::size_t row) {
  return "row " + std::to_string(row) + " (" + table.source + " line " + std::to_string(table.line(row)) + ")";
}

}  // namespace chainrule::api
