// The sections of an explanation's page, in the order in which one asks.
#include "report/explain_html.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "report/html_page.h"
#include "report/network_svg.h"
#include "report/svg_plot.h"

namespace chainrule::report {
namespace {

std::string number(double value, const char* format = "%.4g") {
  if (!std::isfinite(value)) return "-";
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

std::string percent(double share) { return number(100 * share, "%.1f") + " %"; }
std::string ratio(double measured, double predicted) { return predicted != 0 ? number(measured / predicted, "%.4f") : "-"; }
std::string row_text(std::size_t row, std::uint64_t line) { return std::to_string(row) + " (line " + std::to_string(line) + ")"; }

const char* group_name(BlameBy by) {
  constexpr const char* kNames[] = {"weight", "unit", "layer", "column"};
  return kNames[static_cast<std::size_t>(by)];
}

std::string bars(const std::vector<Bar>& bars, const std::string& title, const std::string& axis) {
  Plot plot;
  plot.title = title;
  plot.x.label = axis;
  plot.reference = 0;
  plot.bars = bars;
  return svg_plot(plot, kPlotWidth, kPlotHeight, false);
}

std::string blame_section(const Explanation& e) {
  const bool weights = e.by == BlameBy::weight;
  PageTable rows{{group_name(e.by), ">gradient", ">share", "to help", ">predicted", ">measured", ">measured / predicted"}, {}};
  if (weights) rows.header.insert(rows.header.begin() + 1, ">value");
  std::vector<Bar> shares;
  for (const BlameEntry& b : e.blame) {
    rows.rows.push_back({b.weight, number(b.gradient), percent(b.share), b.direction, number(b.predicted), number(b.measured), ratio(b.measured, b.predicted)});
    if (weights) rows.rows.back().insert(rows.rows.back().begin() + 1, number(b.value));
    Bar bar;
    bar.name = b.weight;
    bar.value = weights ? b.gradient : b.share;
    bar.colour = weights && b.gradient < 0 ? 0 : 1;
    shares.push_back(bar);
  }
  const std::string drawn = weights ? bars(shares, "Gradient of the loss", "gradient") : bars(shares, "Share of the squared gradient", "share");
  return section("Most to blame, by " + std::string(group_name(e.by)),
                 paragraph("Each was nudged a little downhill: the change that its gradient predicts, and the change when the network was run.") +
                     figure(drawn, weights ? "To lower the loss, weights with a bar to the right should fall, the others rise."
                                           : "Shares of the squared length of the whole gradient; all of them add up to 1.") +
                     table(rows));
}

std::string layer_section(const Explanation& e) {
  PageTable rows{{"layer", "activation", ">units", ">active", e.rows > 1 ? ">silent units" : ">zeros", ">largest |z|", ">largest |a|", ">|dL/da|", ">|dL/dz|"}, {}};
  for (const LayerSummary& s : e.summary) {
    const std::string silent = (s.silent > 0 && e.rows > 1 && s.activation != "identity" ? "!warn " : "") + std::to_string(s.silent);
    rows.rows.push_back({s.name, s.activation, std::to_string(s.units), percent(s.active), silent, number(s.largest_z), number(s.largest_a),
                         number(s.da_norm), number(s.dz_norm)});
  }
  const std::string drawing = network_svg(e);
  return section("Forward and backward", (drawing.empty() ? "" : figure(drawing, "The weights most to blame: blue ones should rise, orange ones fall; "
                                                                                  "thicker means more. Point at a line for its numbers.")) +
                                             table(rows));
}

std::string factors_text(const std::vector<ChainFactor>& factors) {
  std::string text;
  for (const ChainFactor& factor : factors) text += (text.empty() ? "  " : "x ") + number(factor.value, "%12.6g") + "   " + factor.name + "\n";
  return text;
}

std::string chain_section(const Explanation& e) {
  std::string content;
  if (e.scope == RowScope::Kind::row) {
    content = code_block(factors_text(e.chain) + "= " + number(e.chain_product, "%12.6g") + "   product; back-propagation says " + number(e.chain_gradient, "%.6g"));
  } else {
    PageTable rows{{"row", ">part of the gradient", "factors"}, {}};
    for (const RowChain& chain : e.row_chains) {
      std::string product;
      for (const ChainFactor& f : chain.factors) product += (product.empty() ? "" : " x ") + number(f.value);
      rows.rows.push_back({row_text(chain.row, chain.line), number(chain.product), product});
    }
    rows.rows.push_back({"all other rows", number(e.other_rows), ""});
    rows.rows.push_back({"the gradient", number(e.chain_gradient), ""});
    content = table(rows);
  }
  Curve error;
  error.name = "|measured / predicted - 1|";
  error.dots = true;
  for (const NudgePoint& p : e.nudges) {
    error.x.push_back(std::abs(p.size));
    error.y.push_back(p.predicted != 0 ? std::abs(p.measured / p.predicted - 1) : 0);
  }
  Plot plot;
  plot.title = "First order comes true as the nudge halves";
  plot.x = {"size of the nudge", true};
  plot.y = {"error of the prediction", true};
  plot.curves = {error};
  return section("The chain behind dL/d " + e.chain_weight,
                 content + figure(svg_plot(plot, kPlotWidth, 300, false), "How far the measured change is from gradient times nudge, for ever smaller nudges of this weight."));
}

std::string step_section(const StepForecast& s) {
  PageTable rows{{"weight", ">gradient", ">step", ">predicted", ">measured"}, {}};
  for (const StepEntry& entry : s.entries) {
    rows.rows.push_back({entry.weight, number(entry.gradient), number(entry.step), number(entry.predicted), number(entry.measured)});
  }
  return section("The step training would take on these rows",
                 pairs({{"optimiser", s.optimizer}, {"loss before", number(s.loss)}, {"length of the step", number(s.length)},
                        {"predicted, first order", number(s.predicted)}, {"predicted, second order", number(s.curved)},
                        {"measured", number(s.measured)}}) + table(rows));
}

std::string pulls_section(const Pulls& p) {
  const auto list = [](const std::vector<RowPull>& pulls) {
    PageTable rows{{"row", "truth", ">gradient", ">its loss"}, {}};
    for (const RowPull& pull : pulls) rows.rows.push_back({row_text(pull.row, pull.line), pull.truth, number(pull.gradient), number(pull.loss)});
    return table(rows);
  };
  return section("Rows that pull " + p.weight + " in opposite directions",
                 paragraph(std::to_string(p.raising) + " rows want it higher (in all " + number(p.raise_sum) + "), " + std::to_string(p.lowering) +
                           " lower (" + number(p.lower_sum) + "); what is left is " + number(p.net) + ", an agreement of " + percent(p.agreement) + ".") +
                     "<h3>higher</h3>" + list(p.raise) + "<h3>lower</h3>" + list(p.lower));
}

std::string movers_section(const WeightMovement& m) {
  PageTable rows{{"row", "truth", ">visits", ">moved by"}, {}};
  std::vector<Bar> moved;
  const auto add = [&](const std::string& name, double value, int colour) {
    Bar bar;
    bar.name = name, bar.value = value, bar.colour = colour;
    moved.push_back(bar);
  };
  for (const RowMovement& r : m.movers) {
    rows.rows.push_back({row_text(r.row, r.line), r.truth, std::to_string(r.visits), number(r.moved)});
    add("row " + std::to_string(r.row), r.moved, r.moved < 0 ? 0 : 1);
  }
  for (const ChainFactor& other : m.others) rows.rows.push_back({other.name, "", "", number(other.value)});
  std::string notes = paragraph(m.exact ? "Every step is linear in the gradients: a contribution is exactly what the weight would lack without the row."
                                        : "Every step is divided in proportion to the rows' parts of its numerator, over the common denominator.");
  for (const std::string& note : m.notes) notes += paragraph(note);
  return section("Rows that moved " + m.weight,
                 pairs({{"replayed", std::to_string(m.steps) + " steps of " + m.optimizer + ", batches of " + std::to_string(m.batch)},
                        {"from, to", number(m.start, "%.9g") + ", " + number(m.end, "%.9g")}, {"moved", number(m.moved, "%.9g")},
                        {"rows raised it by, lowered it by", number(m.raised) + ", " + number(m.lowered)},
                        {"all contributions miss the movement by", number(m.gap, "%.1e") + " of it"}}) +
                     notes + figure(bars(moved, "Moved by", "change of the weight"), "The rows that moved it most.") + table(rows));
}

std::string changed_table(const CounterfactualRow& row, const std::string& heading) {
  if (!row.found) return "";
  PageTable rows{{"column", "now", "then", ">distance"}, {}};
  for (const CellChange& change : row.changes) rows.rows.push_back({change.column, change.from, change.to, number(change.distance)});
  return "<h3>" + escaped(heading) + "</h3>" + paragraph("Answer then: " + row.answer + " (" + number(row.score) + "), distance " + number(row.distance)) +
         table(rows);
}

std::string counterfactual_section(const Counterfactual& c) {
  std::string content = paragraph("Now: " + c.before + " (" + number(c.score) + "). Wanted: " + c.goal + ".");
  content += changed_table(c.closest, "Smallest change") + changed_table(c.fewest, "Fewest columns");
  for (const std::string& note : c.notes) content += paragraph(note);
  return section("What would change the answer", content);
}

}  // namespace

std::string explanation_html(const Explanation& e) {
  Page page;
  page.title = "Why: " + e.rows_text;
  page.lead = (e.scope == RowScope::Kind::row ? "Predicted " + e.prediction + ", truth " + e.truth + ". " : "") + "Loss " + number(e.loss) + ".";
  page.style = std::string(svg_style()) + network_svg_style() + "h3{font-size:1rem;margin:1.2rem 0 .2rem}";
  page.body = layer_section(e) + chain_section(e) + blame_section(e);
  if (e.step) page.body += step_section(*e.step);
  if (e.pulls) page.body += pulls_section(*e.pulls);
  if (e.movement) page.body += movers_section(*e.movement);
  if (e.counterfactual) page.body += counterfactual_section(*e.counterfactual);
  return html_page(page);
}

}  // namespace chainrule::report
