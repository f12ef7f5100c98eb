// What a model answers, on whole tables: spreads that are variances, targets that no float holds.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <set>

#include "base/counter_rng.h"
#include "chainrule/model.h"
#include "chainrule/train.h"
#include "testing/own_folder.h"

namespace chainrule {
namespace {

double draw_of(std::uint32_t row, std::uint32_t element) {
  return static_cast<double>(draw({5, Purpose::subsample, 0, 0, row}, element) >> 8) * 0x1p-23 - 1;
}

class PredictionFiles : public OwnFolder {
 protected:
  void SetUp() override {
    std::ofstream out(path("prices.csv"));
    out << "x,y,price\n";
    for (std::uint32_t r = 0; r < 240; ++r) {
      const double x = draw_of(r, 0), y = draw_of(r, 1);
      out << x << ',' << y << ',' << 1000 + 300 * (x * y + 0.5 * x) << '\n';
    }
  }

  TrainSettings settings(const std::string& target, const std::string& out) const {
    TrainSettings s;
    s.target = target;
    s.hidden = {12, 10};
    s.threads = 1;
    s.out = path(out);
    s.force = true;
    return s;
  }
};

// One dropout layer in front of a linear output: the variance over masks is known, sum over units of (w a)^2 rate / (1 - rate).
TEST_F(PredictionFiles, SquaredSpreadOfTwoSamplesIsTheVarianceOnAverage) {
  TrainSettings s = settings("price", "run");
  s.hidden = {8};
  s.epochs = 3;
  s.dropout.rate = 0.5;
  train(path("prices.csv"), s);
  Model model = Model::load(s.out);
  const Table table = Table::read(path("prices.csv"));
  const auto mean_variance = [&](std::size_t samples) {
    double sum = 0;
    for (const double spread : model.predict(table, samples).spread) sum += spread * spread;
    return sum;
  };
  EXPECT_NEAR(mean_variance(2) / mean_variance(400), 1, 0.15);
}

// Targets whose offset or size no float holds: a Unix time, 1e39, 1e-46.
TEST_F(PredictionFiles, TargetsBeyondTheDigitsAndTheRangeOfFloatsArePredictedAndMeasured) {
  const std::pair<double, double> units[] = {{1.7e9, 100}, {0, 1e39}, {0, 1e-46}, {1e12, 1e6}, {0, 1e200}};
  double first_r2 = 0;
  for (const auto& [offset, size] : units) {
    std::ofstream out(path("far.csv"));
    out.precision(17);
    out << "x,y,target\n";
    std::set<double> truths;
    for (std::uint32_t r = 0; r < 200; ++r) {
      const double x = draw_of(r, 0), y = draw_of(r, 1), truth = offset + size * (2 * x - y);
      out << x << ',' << y << ',' << truth << '\n';
      truths.insert(truth);
    }
    out.close();
    TrainSettings s = settings("target", "far");
    s.epochs = 30;
    set_train_setting(s, "lr", "0.01", "test");
    set_train_setting(s, "early-stop", "0", "test");
    const TrainResult result = train(path("far.csv"), s);
    if (first_r2 == 0) first_r2 = result.train.r2;
    EXPECT_GT(result.train.r2, 0.9) << offset << " + " << size;
    EXPECT_NEAR(result.train.r2, first_r2, 1e-3);
    EXPECT_LT(result.train.rmse, 0.4 * size);
    Model model = Model::load(s.out);
    const std::vector<double> values = model.predict(Table::read(path("far.csv"))).values;
    EXPECT_EQ(std::set<double>(values.begin(), values.end()).size(), truths.size()) << offset << " + " << size;
  }
}

}  // namespace
}  // namespace chainrule
