// `chainrule inspect MODEL`: layers, weights, features and how it was trained.
#include <ostream>

#include "chainrule/model.h"
#include "commands.h"
#include "json.h"
#include "layout.h"
#include "metrics_text.h"
#include "patience_line.h"
#include "plan_text.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kFeaturesShown = 20;

void print_layers(const ModelInfo& info, Console& console) {
  TextTable shape({"layer", ">inputs", ">units", ">parameters", "activation", "extras"});
  TextTable weights({"layer", ">norm", ">bias norm", ">smallest", ">largest", "distribution of the weights"});
  for (const LayerInfo& layer : info.layers) {
    std::string extras;
    const auto add = [&extras](const std::string& text) { extras += (extras.empty() ? "" : ", ") + text; };
    if (!layer.norm.empty() && layer.norm != "none") add(layer.norm + " norm");
    if (!layer.dropout.empty() && layer.dropout != "none" && layer.dropout != "0") add("dropout " + layer.dropout);
    if (layer.residual) add("residual");
    if (!layer.initializer.empty()) add("from " + layer.initializer);
    shape.add({layer.name, count_text(layer.inputs), count_text(layer.units), count_text(layer.parameters), layer.activation, extras});
    const std::vector<double> bins(layer.histogram.begin(), layer.histogram.end());
    weights.add({layer.name, number_text(layer.weight_norm, 4), number_text(layer.bias_norm, 4), number_text(layer.smallest, 4),
                 number_text(layer.largest, 4), sparkline(bins, console.unicode)});
  }
  print_heading(console, "Network: " + count_text(info.inputs) + " inputs, " + plural(info.outputs, "output") + ", " +
                             plural(info.parameters, "parameter"));
  shape.print(console);
  console.out << '\n';
  weights.print(console);
}

void print_features(const ModelInfo& info, Console& console) {
  if (info.features.empty()) return;
  print_heading(console, "From columns to inputs");
  const std::size_t shown = std::min(kFeaturesShown, info.features.size());
  for (std::size_t i = 0; i < shown; ++i) {
    console.out << "  " << cut(printable(info.features[i]), static_cast<std::size_t>(console.width) - 2) << '\n';
  }
  if (shown < info.features.size()) console.out << "  " << count_text(info.features.size() - shown) << " more; --json shows them\n";
}

void print_training(const ModelInfo& info, Console& console) {
  if (info.training.empty()) return;
  print_heading(console, "How it was trained");
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : info.training) {
    if (!value.empty()) pairs.push_back({name, value});
  }
  print_pairs(console, pairs);
}

/// bf16 comes with what the engine says of it: emulated, or by an instruction that has proven itself.
std::string precision_text(const ModelInfo& info) {
  std::string text = info.precision;
  if (text == "fp32") return text;
  for (const std::string& note : info.plan.notes) {
    if (note.find(info.precision) != std::string::npos) text += "; " + note;
  }
  return text;
}

}  // namespace

int run_inspect(const Arguments& arguments, Console& console) {
  const Model model = load_model(arguments, {}, console);
  const ModelInfo info = patiently(arguments, console, [&] { return model.inspect(); });
  if (arguments.on("json")) {
    console.out << model_json(info) << '\n';
  } else if (arguments.on("toml")) {
    console.out << info.spec_toml;
  } else {
    console.out << console.out_style.bold(printable(info.path)) << ": " << info.task << " of " << printable(info.target) << '\n';
    print_pairs(console, {{"digest", info.digest}, {"written by", info.version},
                          {"runs on", engine_text(info.plan)},
                          {"precision", precision_text(info)}});
    print_layers(info, console);
    print_features(info, console);
    print_training(info, console);
  }
  return 0;
}

}  // namespace chainrule::cli
