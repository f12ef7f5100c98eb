// divergence.html: where a run broke, how it came to that, and what would have prevented it.
#include "report/divergence_html.h"

#include <cmath>
#include <cstdio>

#include "report/html_page.h"
#include "report/svg_plot.h"

namespace chainrule::report {
namespace {

constexpr std::size_t kRowsShown = 12;

std::string number_words(double value) {
  if (std::isnan(value)) return "not a number";
  if (std::isinf(value)) return value > 0 ? "infinite" : "minus infinity";
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string where(const DivergenceReport& r) {
  std::vector<std::pair<std::string, std::string>> entries = {
      {"step", std::to_string(r.step) + " (epoch " + std::to_string(r.epoch) + ")"}, {"first bad value", number_words(r.value)}, {"in", "the " + r.place}};
  if (r.layer >= 0) entries.push_back({"layer", std::to_string(r.layer)});
  if (r.unit >= 0) entries.push_back({"unit", std::to_string(r.unit)});
  if (!r.parameter.empty()) entries.push_back({"parameter", r.parameter});
  if (!r.row_name.empty()) entries.push_back({r.place == "update" || r.place == "gradient" ? "largest error from" : "row", r.row_name});
  if (!r.column.empty()) entries.push_back({"input column", r.column});
  entries.push_back({"optimizer", r.optimizer + ", rate " + number_words(r.learning_rate)});
  entries.push_back({"data", r.data});
  entries.push_back({"last good state", r.model});
  return section("Where", pairs(entries));
}

std::string cures(const DivergenceReport& r) {
  if (r.cures.empty()) return section("What would have prevented it", paragraph("Nothing was tried."));
  PageTable t{{"change", "setting", "outcome", ">steps", ">last loss"}, {}};
  bool any = false;
  for (const DivergenceCure& cure : r.cures) {
    any = any || cure.survived;
    const std::string outcome = cure.survived ? "!good survives" : cure.steps < r.tried_to ? "!bad diverges too" : "!warn finite, but the loss grew";
    t.rows.push_back({cure.change, cure.setting, outcome, std::to_string(cure.steps) + " of " + std::to_string(r.tried_to), number_words(cure.loss)});
  }
  const std::string words = "The run was taken again on a copy, from its start to step " + std::to_string(r.tried_to) +
                            ", each time with one setting changed.";
  std::string after;
  if (!any) after = paragraph("None of these holds: look at the data, with chainrule check.");
  else if (!r.cure.empty()) after = code_block(r.cure);
  return section("What would have prevented it", paragraph(words) + table(t) + after);
}

Curve curve(const DivergenceReport& r, std::string name, double (*of)(const DivergenceStep&)) {
  Curve c;
  c.name = std::move(name);
  for (const DivergenceStep& step : r.steps) {
    c.x.push_back(static_cast<double>(step.step));
    c.y.push_back(of(step));
  }
  return c;
}

Plot plot_of(const DivergenceReport& r, std::string title) {
  Plot plot;
  plot.title = std::move(title);
  plot.x.label = "step";
  plot.y.logarithmic = true;
  if (!r.steps.empty()) plot.x.low = static_cast<double>(r.steps.front().step), plot.x.high = static_cast<double>(r.steps.back().step);
  return plot;
}

Plot per_layer(const DivergenceReport& r, std::string title, const std::vector<double> DivergenceStep::* which) {
  Plot plot = plot_of(r, std::move(title));
  for (std::size_t l = 0; l < r.layers.size(); ++l) {
    Curve c;
    c.name = r.layers[l];
    for (const DivergenceStep& step : r.steps) {
      if (l >= (step.*which).size()) continue;
      c.x.push_back(static_cast<double>(step.step));
      c.y.push_back((step.*which)[l]);
    }
    plot.curves.push_back(std::move(c));
  }
  return plot;
}

std::string growth(const DivergenceReport& r) {
  std::string content;
  if (r.steps.size() > 1) {
    Plot whole = plot_of(r, "Loss and norms");
    whole.curves = {curve(r, "loss", [](const DivergenceStep& s) { return s.loss; }),
                    curve(r, "gradient norm", [](const DivergenceStep& s) { return s.gradient_norm; }),
                    curve(r, "parameter norm", [](const DivergenceStep& s) { return s.parameter_norm; })};
    content += figure(svg_plot(whole), "The loss of each step's batch, and the Euclidean norms of all gradients and parameters.");
    content += figure(svg_plot(per_layer(r, "Activations by layer", &DivergenceStep::activations)), "Root mean square of each layer's outputs.");
    content += figure(svg_plot(per_layer(r, "Weight gradients by layer", &DivergenceStep::gradients)), "Norm of each layer's weight gradient.");
  }
  PageTable t{{">step", ">rate", ">loss", ">gradient norm", ">parameter norm", ">largest activation"}, {}};
  for (std::size_t i = r.steps.size() > kRowsShown ? r.steps.size() - kRowsShown : 0; i < r.steps.size(); ++i) {
    const DivergenceStep& s = r.steps[i];
    double largest = 0;
    for (const double a : s.activations) largest = std::isnan(a) || a > largest ? a : largest;
    t.rows.push_back({std::to_string(s.step), number_words(s.learning_rate), number_words(s.loss), number_words(s.gradient_norm), number_words(s.parameter_norm), number_words(largest)});
  }
  return section("The way there", content + paragraph("The last steps, each as it was before its update:") + table(t));
}

std::string replay(const DivergenceReport& r) {
  if (r.command.empty()) return section("Take the step again", paragraph("The data came from standard input or from memory, so the step cannot be taken again."));
  return section("Take the step again", code_block(r.command) + paragraph("Starts from the checkpoint before the failed step and meets the same value."));
}

}  // namespace

std::string divergence_html(const DivergenceReport& r) {
  Page page;
  page.title = "The run diverged at step " + std::to_string(r.step);
  page.lead = r.sentence;
  page.body = where(r) + cures(r) + growth(r) + replay(r);
  return html_page(page);
}

}  // namespace chainrule::report
