// What a finished run comes to.
#include "api/run_summary.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace chainrule::api {
namespace {

constexpr double kNear = 0.95;       // a best epoch beyond this share of the run lies at its end
constexpr double kStillFalls = 0.005;  // relative, over the last tenth of the run
constexpr double kOverfits = 2;      // validation loss over training loss
constexpr double kRisen = 1.1;       // last validation loss over the lowest

std::vector<std::size_t> class_counts(const Metrics& metrics) {
  std::vector<std::size_t> counts(metrics.classes.size());
  for (std::size_t truth = 0; truth < metrics.confusion.size(); ++truth) {
    for (const std::size_t rows : metrics.confusion[truth]) counts[truth] += rows;
  }
  for (const ConfusionCount& cell : metrics.confusion_counts) counts[cell.truth] += cell.rows;
  return counts;
}

double share_of(const Metrics& metrics, std::size_t label) {
  return metrics.rows == 0 ? 0 : static_cast<double>(class_counts(metrics)[label]) / static_cast<double>(metrics.rows);
}

double true_value(const PreparedData& data, const training::DataPart& part, std::size_t i) {
  return static_cast<double>(part.y(i)[0]) * data.unit.scale + data.unit.center;
}

double mean_of(const PreparedData& data, const training::DataPart& part) {
  double sum = 0;
  const double rows = static_cast<double>(part.size());
  for (std::size_t i = 0; i < part.size(); ++i) sum += true_value(data, part, i) / rows;
  return sum;
}

double rmse_of(const PreparedData& data, const training::DataPart& part, double answer) {
  double squares = 0;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const double miss = (true_value(data, part, i) - answer) / data.unit.scale;  // whose square no unit makes overflow
    squares += miss * miss;
  }
  return part.empty() ? 0 : data.unit.scale * std::sqrt(squares / static_cast<double>(part.size()));
}

std::string shown(double value) {
  char text[32];
  const bool large = std::abs(value) >= 1e4 && std::abs(value) < 1e12;
  std::snprintf(text, sizeof text, large ? "%.0f" : "%.4g", value);
  return text;
}

/// The rows that judge the run.
struct Judge {
  std::string rows;
  const Metrics* metrics;
  double baseline;
  double score() const { return metrics->classification ? metrics->accuracy : metrics->rmse; }
  bool no_better() const { return metrics->classification ? score() <= baseline : score() >= baseline; }
};

Judge judge_of(const TrainResult& r) {
  if (r.has_validation) return {"validation", &r.validation, r.baseline.validation};
  if (r.has_test) return {"test", &r.test, r.baseline.test};
  return {"training", &r.train, r.baseline.train};
}

std::string score_text(const TrainResult& r, const Judge& judge) {
  const std::string what = judge.metrics->classification ? "accuracy " : "rmse ";
  const std::string constant = judge.metrics->classification ? "always answering \"" + r.baseline.answer + "\"" : "always answering the mean, " + r.baseline.answer;
  return what + shown(judge.score()) + " on the " + judge.rows + " rows; " + constant + " would score " + shown(judge.baseline);
}

bool still_improving(const TrainResult& r) {
  const std::size_t count = r.history.size();
  if (r.stop_reason != "epochs" || count < 2) return false;
  const auto loss = [&](const TrainResult::Point& p) { return r.has_validation ? p.validation_loss : p.loss; };
  double best = loss(r.history[0]), before = best;
  std::uint64_t best_epoch = r.history[0].epoch;
  for (std::size_t i = 0; i < count; ++i) {
    if (loss(r.history[i]) < best) best = loss(r.history[i]), best_epoch = r.history[i].epoch;
    if (i < count - std::max<std::size_t>(1, count / 10)) before = best;
  }
  return static_cast<double>(best_epoch) >= kNear * static_cast<double>(r.epochs) && before - best > kStillFalls * std::abs(before);
}

std::string overfitting_text(const TrainResult& r) {
  if (!r.has_validation || r.history.empty()) return "";
  const double last = r.history.back().validation_loss, best = r.validation.loss;
  if (r.kept_epoch == r.epochs && r.best_epoch < r.kept_epoch) {
    const auto at = std::find_if(r.history.begin(), r.history.end(), [&](const auto& p) { return p.epoch == r.best_epoch; });
    if (at != r.history.end() && last > kRisen * at->validation_loss) {
      return "overfits since epoch " + std::to_string(r.best_epoch) + ": the validation loss has risen from " + shown(at->validation_loss) +
             " to " + shown(last) + "; --early-stop 15 keeps the best epoch";
    }
  }
  if (!(r.train.loss > 0 && best > kOverfits * r.train.loss)) return "";
  return "overfits: the loss is " + shown(r.train.loss) + " on the training rows and " + shown(best) +
         " on the validation rows; more rows, --dropout 0.2 or a smaller --hidden may help";
}

}  // namespace

Baseline baseline_of(const PreparedData& data, const TrainResult& result) {
  Baseline baseline;
  if (data.unit.classification) {
    const std::vector<std::size_t> counts = class_counts(result.train);
    const std::size_t most = static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
    if (most < counts.size()) baseline = {data.unit.classes[most], share_of(result.train, most), 0, 0};
    if (most < counts.size() && result.has_validation) baseline.validation = share_of(result.validation, most);
    if (most < counts.size() && result.has_test) baseline.test = share_of(result.test, most);
    return baseline;
  }
  const double mean = mean_of(data, data.train);
  return {shown(mean), rmse_of(data, data.train, mean), rmse_of(data, data.validation, mean), rmse_of(data, data.test, mean)};
}

std::string verdict_of(const TrainResult& r, std::uint64_t epochs) {
  const Judge judge = judge_of(r);
  if (judge.metrics->rows == 0) return "";
  std::vector<std::string> says;
  if (judge.no_better()) says.push_back("no better than a constant answer");
  if (still_improving(r)) says.push_back("still improving when it ended: try --epochs " + std::to_string(3 * epochs));
  if (const std::string text = overfitting_text(r); !text.empty() && says.empty()) says.push_back(text);
  std::string verdict = (says.empty() ? "learned" : says[0]);
  for (std::size_t i = 1; i < says.size(); ++i) verdict += "; " + says[i];
  return verdict + " (" + score_text(r, judge) + ")";
}

}  // namespace chainrule::api
