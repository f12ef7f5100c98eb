// `chainrule explain MODEL DATA --row N`: one row's way through the network and back.
#include "chainrule/explain.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "commands.h"
#include "json.h"
#include "layout.h"

namespace chainrule::cli {
namespace {

std::string share_active(const LayerTrace& layer) {
  const auto active = std::count_if(layer.a.begin(), layer.a.end(), [](double a) { return a != 0; });
  return count_text(static_cast<std::uint64_t>(active)) + "/" + count_text(layer.a.size());
}

double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

void print_layers(const Explanation& e, Console& console) {
  TextTable table({"layer", "activation", ">active units", ">max |z|", ">max |a|", ">|dL/da|", ">|dL/dz|"});
  for (const LayerTrace& layer : e.layers) {
    table.add({layer.name, layer.activation, share_active(layer), measure_text(largest(layer.z)), measure_text(largest(layer.a)),
               measure_text(layer.da_norm), measure_text(layer.dz_norm)});
  }
  print_heading(console, "Forward (z, a) and backward (gradients of the loss)");
  table.print(console);
}

void print_chain(const Explanation& e, Console& console) {
  if (e.chain.empty()) return;
  print_heading(console, "The chain behind dL/d " + e.chain_weight);
  TextTable table({"", ">", ""});
  for (std::size_t i = 0; i < e.chain.size(); ++i) table.add({i == 0 ? " " : "x", number_text(e.chain[i].value, 6), e.chain[i].name});
  table.add({"=", number_text(e.chain_product, 6), "product; backpropagation says " + number_text(e.chain_gradient, 6)});
  table.print(console);
}

void print_blame(const Explanation& e, Console& console) {
  TextTable table({"weight", ">value", ">gradient", "to help", ">predicted", ">measured"});
  for (const BlameEntry& b : e.blame) {
    table.add({b.weight, measure_text(b.value), measure_text(b.gradient), b.direction, measure_text(b.predicted), measure_text(b.measured)});
  }
  print_heading(console, "Weights most to blame, and the change of the loss when each is nudged");
  table.print(console);
}

}  // namespace

int run_explain(const Arguments& arguments, Console& console) {
  const std::size_t row = arguments.count("row", 0), top = arguments.count("top", 10, 1);
  Model model = Model::load(arguments.positionals[0]);
  const Explanation e = explain_row(model, read_data(arguments.positionals[1], arguments, console), row, top);
  if (arguments.on("json")) {
    console.out << explanation_json(e) << '\n';
    return 0;
  }
  console.out << console.out_style.bold("Row " + std::to_string(e.row)) << ": predicted " << printable(e.prediction) << ", truth "
              << printable(e.truth) << ", loss " << number_text(e.loss) << '\n';
  print_layers(e, console);
  print_chain(e, console);
  print_blame(e, console);
  return 0;
}

}  // namespace chainrule::cli
