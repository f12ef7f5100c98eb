// The divergence page says what the report says, whatever is in it.
#include "report/divergence_html.h"

#include <gtest/gtest.h>

#include <cmath>

namespace chainrule::report {
namespace {

DivergenceReport example() {
  DivergenceReport r;
  r.sentence = "step 3 (epoch 1): the loss became infinite for row 17 (<b>.csv line 19)";
  r.place = "loss";
  r.epoch = 1, r.step = 3, r.layer = 1, r.unit = 0, r.row = 17;
  r.row_name = "row 17 (<b>.csv line 19)";
  r.value = INFINITY;
  r.layers = {"layers.0", "layers.1"};
  for (std::uint64_t s = 1; s <= 3; ++s) r.steps.push_back({1, s, 5, std::pow(1e3, double(s)), 1, std::pow(10, double(s)), {1, 2}, {3, 4}, {5, NAN}});
  r.tried_to = 3;
  r.cures = {{"the gradient clipped at 1", "--clip 1", false, 2, 1e30}, {"a tenth of the rate", "--lr 0.5", true, 3, 0.25}};
  r.cure = "chainrule train a.csv --lr 0.5";
  r.command = "chainrule train --resume runs/1";
  return r;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(DivergencePage, SaysWhereWhyAndWhatHelps) {
  const std::string page = divergence_html(example());
  EXPECT_TRUE(has(page, "The run diverged at step 3"));
  EXPECT_TRUE(has(page, "chainrule train --resume runs/1"));
  EXPECT_TRUE(has(page, "diverges too"));
  EXPECT_TRUE(has(page, "survives"));
  EXPECT_TRUE(has(page, "chainrule train a.csv --lr 0.5"));
  EXPECT_TRUE(has(page, "<svg"));
  EXPECT_FALSE(has(page, "<b>"));
}

TEST(DivergencePage, AnEmptyReportIsStillAPage) {
  const std::string page = divergence_html({});
  EXPECT_TRUE(has(page, "</html>"));
  EXPECT_TRUE(has(page, "cannot be taken again"));
}

}  // namespace
}  // namespace chainrule::report
