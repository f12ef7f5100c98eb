// Tests of the SVG writer: contours lie where the function says, every plot is whole, hostile text stays text.
#include "report/svg_plot.h"

#include <gtest/gtest.h>

#include <cmath>

#include "report/svg_contour.h"
#include "report/svg_scale.h"

namespace chainrule::report {
namespace {

Field circle_field(std::size_t side) {
  Field field{side, side, -2, 2, -2, 2, {}, {}};
  for (std::size_t row = 0; row < side; ++row) {
    for (std::size_t column = 0; column < side; ++column) {
      const double x = -2 + 4.0 * static_cast<double>(column) / static_cast<double>(side - 1);
      const double y = -2 + 4.0 * static_cast<double>(row) / static_cast<double>(side - 1);
      field.values.push_back(x * x + y * y);
    }
  }
  return field;
}

std::size_t occurrences(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST(Contour, CircleIsOneClosedLineOfItsRadius) {
  const std::vector<ContourLine> lines = contour_lines(circle_field(41), 1.0);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].front(), lines[0].back());
  EXPECT_GT(lines[0].size(), 40u);
  for (const auto& [x, y] : lines[0]) EXPECT_NEAR(std::hypot(x, y), 1, 0.01);
}

TEST(Contour, LinesThatLeaveTheFieldAreOpen) {
  const std::vector<ContourLine> lines = contour_lines(circle_field(41), 5.0);
  EXPECT_EQ(lines.size(), 4u);
  for (const ContourLine& line : lines) EXPECT_NE(line.front(), line.back());
}

TEST(Contour, SaddleCellsAndHolesAreSurvived) {
  Field field{3, 3, 0, 1, 0, 1, {1, -1, 1, -1, 1, -1, 1, -1, 1}, {}};
  EXPECT_EQ(contour_lines(field, 0).size(), 5u);  // four corners and a ring around the middle
  field.values[4] = NAN;
  EXPECT_TRUE(contour_lines(field, 0).empty());
}

TEST(Scale, TicksAreRoundAndInside) {
  Range range(false);
  range.add(0.13), range.add(9.2);
  const Scale scale({}, range, 0, 100, 5);
  ASSERT_EQ(scale.ticks().size(), 6u);
  EXPECT_EQ(scale.ticks()[1].text, "2");
  EXPECT_DOUBLE_EQ(scale.pixel(10), 100);
}

TEST(Scale, LogarithmicTicksArePowersOfTen) {
  Axis axis;
  axis.logarithmic = true;
  Range range(true);
  range.add(-3), range.add(0.002), range.add(500);
  const Scale scale(axis, range, 0, 60, 5);
  ASSERT_EQ(scale.ticks().size(), 7u);
  EXPECT_EQ(scale.ticks()[0].text, "0.001");
  EXPECT_NEAR(scale.pixel(1), 30, 1e-9);
}

TEST(Svg, ValuesThatAreNotFiniteBreakTheLine) {
  Plot plot;
  plot.curves.push_back({"loss", {0, 1, 2, 3}, {1, NAN, 3, 2}, {}, {}});
  const std::string text = svg_plot(plot);
  const std::size_t at = text.find("<path class=\"curve");
  EXPECT_EQ(occurrences(text.substr(at, text.find("/>", at) - at), "M"), 2u);
  EXPECT_EQ(text.find("nan"), std::string::npos);
}

TEST(Svg, EmptyAndConstantPlotsAreWhole) {
  Plot constant;
  constant.curves.push_back({"c", {1, 1}, {5, 5}, {}, {}});
  for (const Plot& plot : {Plot{}, constant}) {
    const std::string text = svg_plot(plot);
    EXPECT_EQ(occurrences(text, "<svg"), occurrences(text, "</svg>"));
    EXPECT_EQ(text.find("nan"), std::string::npos);
    EXPECT_EQ(text.find("inf"), std::string::npos);
  }
}

TEST(Svg, NamesCannotCloseElements) {
  Plot plot;
  plot.title = "a<b & \"c\"\x01";
  plot.bars.push_back({"</text><script>", 1, 0.5, 1.5, 0, ""});
  const std::string text = svg_plot(plot);
  EXPECT_EQ(text.find("<script"), std::string::npos);
  EXPECT_NE(text.find("a&lt;b &amp; &quot;c&quot;"), std::string::npos);
}

TEST(Svg, FigureHoldsEveryPlotAndOneStyleSheet) {
  const Plot plot{"p", "", {}, {}, {}, {}, {}, {}, kFromData};
  const std::string text = svg_figure({plot, plot, plot}, 2);
  EXPECT_EQ(occurrences(text, "class=\"title\""), 3u);
  EXPECT_EQ(occurrences(text, "<style>"), 1u);
}

}  // namespace
}  // namespace chainrule::report
