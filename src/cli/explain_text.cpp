// The sections of an explanation, each a heading and a table that fits 80 columns.
#include "explain_text.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "layout.h"

namespace chainrule::cli {
namespace {

constexpr int kWide = 100;  ///< columns from which tables show what also fits there
constexpr std::size_t kMostChanges = 12;

std::string share_text(double share) { return measure_text(100 * share) + " %"; }
std::string ratio(double measured, double predicted) { return predicted != 0 ? number_text(measured / predicted, 4) : "-"; }
std::string row_text(std::size_t row, std::uint64_t line) { return std::to_string(row) + " (line " + std::to_string(line) + ")"; }

void print_wrapped(Console& console, const std::string& text) {
  for (const std::string& line : wrapped(printable(text), static_cast<std::size_t>(console.width) - 2)) console.out << "  " << line << '\n';
}

void print_title(const Explanation& e, Console& console) {
  std::string scope = e.rows_text;
  if (!scope.empty()) scope[0] = static_cast<char>(scope[0] >= 'a' && scope[0] <= 'z' ? scope[0] - 32 : scope[0]);
  console.out << console.out_style.bold(printable(scope)) << ": ";
  if (e.scope == RowScope::Kind::row) console.out << "predicted " << printable(e.prediction) << ", truth " << printable(e.truth) << ", ";
  console.out << "loss " << number_text(e.loss) << '\n';
  for (const std::string& note : e.notes) print_wrapped(console, note);
}

void print_layers(const Explanation& e, Console& console) {
  const bool wide = console.width >= kWide, one = e.rows == 1;
  std::vector<std::string> header = {"layer", "activation", ">active", one ? ">zeros" : ">silent", ">max |z|", ">max |a|", ">|dL/da|", ">|dL/dz|"};
  if (wide) header.insert(header.begin() + 2, ">units");
  TextTable table(header);
  for (const LayerSummary& s : e.summary) {
    std::vector<std::string> cells = {s.name, s.activation, share_text(s.active), count_text(s.silent), measure_text(s.largest_z),
                                      measure_text(s.largest_a), measure_text(s.da_norm), measure_text(s.dz_norm)};
    if (wide) cells.insert(cells.begin() + 2, count_text(s.units));
    table.add(cells);
  }
  print_heading(console, "Forward (z, a) and backward (gradients of the loss)");
  table.print(console);
}

void print_factors(const Explanation& e, Console& console) {
  TextTable table({"", ">", ""});
  for (std::size_t i = 0; i < e.chain.size(); ++i) table.add({i == 0 ? " " : "x", number_text(e.chain[i].value, 6), e.chain[i].name});
  table.add({"=", number_text(e.chain_product, 6), "product; backpropagation says " + number_text(e.chain_gradient, 6)});
  table.print(console);
}

/// Several rows: the gradient is a sum of one product per row.
void print_row_chains(const Explanation& e, Console& console) {
  TextTable table({"row", ">part", "factors"});
  for (const RowChain& chain : e.row_chains) {
    std::string product;
    for (const ChainFactor& factor : chain.factors) product += (product.empty() ? "" : " x ") + number_text(factor.value, 4);
    table.add({row_text(chain.row, chain.line), measure_text(chain.product), product});
  }
  const std::size_t others = e.rows - std::min(e.rows, e.row_chains.size());
  if (others > 0) table.add({plural(others, "other row"), measure_text(e.other_rows), ""});
  table.add({"sum", measure_text(e.chain_gradient), "the gradient, by backpropagation"});
  table.print(console);
  std::string names;
  for (const ChainFactor& factor : e.chain) names += (names.empty() ? "" : " x ") + factor.name;
  console.out << "  " << console.out_style.dim(cut("factors: " + names, static_cast<std::size_t>(console.width) - 2)) << '\n';
}

void print_chain(const Explanation& e, Console& console) {
  print_heading(console, "The chain behind dL/d " + e.chain_weight);
  e.rows == 1 ? print_factors(e, console) : print_row_chains(e, console);
  TextTable table({">nudge of this weight", ">predicted", ">measured", ">ratio"});
  for (std::size_t i = 0; i < e.nudges.size(); i += 2) {
    const NudgePoint& p = e.nudges[i];
    table.add({measure_text(p.size), measure_text(p.predicted), measure_text(p.measured), number_text(p.predicted != 0 ? p.measured / p.predicted : NAN, 6)});
  }
  console.out << '\n';
  table.print(console);
}

void print_blame(const Explanation& e, Console& console) {
  constexpr const char* kNames[] = {"weight", "unit", "layer", "column"};
  const bool wide = console.width >= kWide, weights = e.by == BlameBy::weight;
  const std::string what = kNames[static_cast<std::size_t>(e.by)];
  std::vector<std::string> header = {what};
  if (weights) header.push_back(">value");
  header.insert(header.end(), {weights ? ">gradient" : ">|gradient|"});
  if (wide || !weights) header.push_back(">share");
  header.insert(header.end(), {"to help", ">predicted"});
  if (wide || !weights) header.push_back(">measured");
  header.push_back(">ratio");
  TextTable table(header);
  for (const BlameEntry& b : e.blame) {
    std::vector<std::string> cells = {cut(printable(b.weight), 28)};
    if (weights) cells.push_back(measure_text(b.value));
    cells.push_back(measure_text(b.gradient));
    if (wide || !weights) cells.push_back(share_text(b.share));
    cells.insert(cells.end(), {b.direction, measure_text(b.predicted)});
    if (wide || !weights) cells.push_back(measure_text(b.measured));
    cells.push_back(ratio(b.measured, b.predicted));
    table.add(cells);
  }
  print_heading(console, "Most to blame by " + what + ", and the change of the loss when each is nudged");
  table.print(console);
}

void print_step(const StepForecast& s, Console& console) {
  print_heading(console, "The step training would take on these rows");
  print_wrapped(console, s.optimizer);
  TextTable sums({"change of the loss", ">", ""});
  sums.add({"first order", measure_text(s.predicted), "gradient times step"});
  sums.add({"second order", measure_text(s.curved), "mean of the gradients before and after, times step"});
  sums.add({"measured", measure_text(s.measured), "from " + number_text(s.loss) + ", step of length " + number_text(s.length, 4)});
  sums.print(console);
  console.out << '\n';
  const bool wide = console.width >= kWide;
  std::vector<std::string> header = {"weight", ">gradient", ">step", ">predicted"};
  if (wide) header.push_back(">measured");
  header.push_back(">ratio");
  TextTable table(header);
  for (const StepEntry& entry : s.entries) {
    std::vector<std::string> cells = {entry.weight, measure_text(entry.gradient), measure_text(entry.step), measure_text(entry.predicted)};
    if (wide) cells.push_back(measure_text(entry.measured));
    cells.push_back(ratio(entry.measured, entry.predicted));
    table.add(cells);
  }
  table.print(console);
}

void print_pulls(const Pulls& p, Console& console) {
  print_heading(console, "Rows that pull " + p.weight + " in opposite directions");
  print_wrapped(console, plural(p.raising, "row") + " want it higher (" + number_text(p.raise_sum, 4) + " in all), " + plural(p.lowering, "row") + " lower (" +
                               number_text(p.lower_sum, 4) + "), " + count_text(p.indifferent) + " do not care; what is left: " + number_text(p.net, 4) +
                               ", agreement " + share_text(p.agreement));
  TextTable table({"wants it", "row", "truth", ">gradient", ">its loss"});
  for (const auto* list : {&p.raise, &p.lower}) {
    for (const RowPull& pull : *list) {
      table.add({list == &p.raise ? console.out_style.cyan("higher") : console.out_style.yellow("lower"), row_text(pull.row, pull.line),
                 cut(printable(pull.truth), 24), measure_text(pull.gradient), measure_text(pull.loss)});
    }
  }
  table.print(console);
}

void print_movers(const WeightMovement& m, Console& console) {
  print_heading(console, "Rows that moved " + m.weight + " in the first " + plural(m.steps, "step"));
  print_wrapped(console, m.optimizer + "; batches of " + count_text(m.batch) + "; " +
                               (m.exact ? "exact: every step is linear in the gradients"
                                        : "each step divided in proportion to the rows' parts of its numerator"));
  for (const std::string& note : m.notes) print_wrapped(console, note);
  TextTable table({"row", "truth", ">visits", ">moved it by", ""});
  double largest = 0;
  for (const RowMovement& r : m.movers) largest = std::max(largest, std::abs(r.moved));
  const auto bar_of = [&](double moved) { return bar(largest > 0 ? std::abs(moved) / largest : 0, 16, console.unicode); };
  for (const RowMovement& r : m.movers) {
    table.add({row_text(r.row, r.line), cut(printable(r.truth), 24), count_text(r.visits), measure_text(r.moved), bar_of(r.moved)});
  }
  for (const ChainFactor& other : m.others) table.add({other.name, "", "", measure_text(other.value), ""});
  table.print(console);
  print_wrapped(console, "from " + number_text(m.start, 9) + " to " + number_text(m.end, 9) + ": " + number_text(m.moved, 9) + ", rows raised it by " +
                               number_text(m.raised, 4) + " and lowered it by " + number_text(-m.lowered, 4) + "; all contributions miss the movement by " +
                               number_text(m.gap, 2) + " of it");
}

void print_changed(const CounterfactualRow& row, const std::string& title, Console& console) {
  console.out << "  " << title << ": " << console.out_style.green(printable(row.answer)) << " (" << number_text(row.score, 4) << "), distance "
              << number_text(row.distance, 4) << '\n';
  TextTable table({"column", "now", "then", ">distance"});
  for (std::size_t i = 0; i < std::min(kMostChanges, row.changes.size()); ++i) {
    const CellChange& c = row.changes[i];
    table.add({cut(printable(c.column), 28), cut(printable(c.from), 18), cut(printable(c.to), 18), measure_text(c.distance)});
  }
  table.print(console, "    ");
  if (row.changes.size() > kMostChanges) console.out << "    and " << plural(row.changes.size() - kMostChanges, "smaller change") << '\n';
}

void print_counterfactual(const Counterfactual& c, Console& console) {
  print_heading(console, "What would change the answer");
  const bool number = c.goal.starts_with("a prediction of");
  print_wrapped(console, "now " + c.before + (number ? "" : " (" + number_text(c.score, 4) + ")") + "; wanted: " + c.goal);
  if (c.closest.found) print_changed(c.closest, "smallest change", console);
  if (c.fewest.found && c.fewest.changes.size() < c.closest.changes.size()) print_changed(c.fewest, "fewest columns", console);
  for (const std::string& note : c.notes) print_wrapped(console, note);
}

}  // namespace

void print_explanation(const Explanation& e, Console& console) {
  print_title(e, console);
  print_layers(e, console);
  print_chain(e, console);
  print_blame(e, console);
  if (e.step) print_step(*e.step, console);
  if (e.pulls) print_pulls(*e.pulls, console);
  if (e.movement) print_movers(*e.movement, console);
  if (e.counterfactual) print_counterfactual(*e.counterfactual, console);
}

}  // namespace chainrule::cli
