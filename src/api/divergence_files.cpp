// divergence.json and divergence.html beside a run's other files.
#include "api/divergence_files.h"

#include <unistd.h>

#include <cmath>
#include <fstream>

#include "base/shown_text.h"
#include "chainrule/error.h"
#include "files/atomic_file.h"
#include "files/path_status.h"
#include "report/divergence_html.h"
#include "report/json.h"

namespace chainrule::api {
namespace {

using report::Json;

std::string json_path(const std::string& folder) { return folder + "/divergence.json"; }
std::string page_path(const std::string& folder) { return folder + "/divergence.html"; }

/// Numbers that JSON cannot say are texts.
Json number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

Json numbers(const std::vector<double>& values) {
  Json list = Json::array();
  for (const double value : values) list.push_back(number(value));
  return list;
}

Json place(long long value) { return value < 0 ? Json(nullptr) : Json(value); }
Json text(const std::string& value) { return value.empty() ? Json(nullptr) : Json(value); }

std::string to_json(const DivergenceReport& r) {
  Json json = {{"sentence", r.sentence}, {"place", r.place}, {"epoch", r.epoch}, {"step", r.step}, {"layer", place(r.layer)},
               {"unit", place(r.unit)}, {"row", place(r.row)}, {"row_name", text(r.row_name)}, {"column", text(r.column)},
               {"parameter", text(r.parameter)}, {"value", number(r.value)}, {"data", r.data}, {"model", r.model},
               {"optimizer", r.optimizer}, {"learning_rate", number(r.learning_rate)}, {"layers", r.layers}, {"steps", Json::array()}};
  for (const DivergenceStep& s : r.steps) {
    json["steps"].push_back({{"epoch", s.epoch}, {"step", s.step}, {"learning_rate", number(s.learning_rate)}, {"loss", number(s.loss)},
                             {"parameter_norm", number(s.parameter_norm)}, {"gradient_norm", number(s.gradient_norm)},
                             {"weights", numbers(s.weights)}, {"gradients", numbers(s.gradients)}, {"activations", numbers(s.activations)}});
  }
  json["tried_to"] = r.tried_to;
  json["cures"] = Json::array();
  for (const DivergenceCure& c : r.cures) {
    json["cures"].push_back({{"change", c.change}, {"setting", c.setting}, {"survived", c.survived}, {"steps", c.steps}, {"loss", number(c.loss)}});
  }
  json["cure"] = text(r.cure);
  json["command"] = text(r.command);
  return json.dump(2) + "\n";
}

/// By the words both files begin with, in every version.
bool is_own(const std::string& path) noexcept {
  constexpr std::size_t kStartBytes = 1024;
  std::string start(kStartBytes, '\0');
  std::ifstream(path).read(start.data(), kStartBytes);
  return start.starts_with("{\n  \"sentence\":") || start.find("<title>The run diverged at step ") != std::string::npos;
}

}  // namespace

std::string write_divergence(const std::string& folder, DivergenceReport report) {
  if (!report.command.empty()) report.command = resume_command(folder);
  write_file_atomically(json_path(folder), to_json(report));
  write_file_atomically(page_path(folder), report::divergence_html(report));
  return page_path(folder);
}

bool has_divergence_at(const std::string& folder, std::uint64_t step) {
  if (!exists(json_path(folder)) || !exists(page_path(folder))) return false;
  constexpr FileLimit kLimit = {std::size_t{1} << 30, "E0424", "a divergence report holds a few hundred steps", "delete it, or name another folder with --out"};
  return report::whole_number_in(read_file(json_path(folder), kLimit), "step") == step;
}

std::vector<std::string> divergence_files(const std::string& folder) { return {json_path(folder), page_path(folder)}; }

void check_divergence_is_own(const std::string& folder) {
  for (const std::string& path : divergence_files(folder)) {
    if (!exists(path) || is_own(path)) continue;
    throw Error("E0427", path, "is no page of Chainrule's, and a run that diverges would replace it",
                "move it away, or name another folder with --out");
  }
}

void forget_divergence(const std::string& folder) noexcept {
  for (const std::string& path : divergence_files(folder)) {
    if (is_own(path)) ::unlink(path.c_str());
  }
}

}  // namespace chainrule::api
