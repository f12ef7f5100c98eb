// `chainrule version`: what this program is and what it uses here.
#include <ostream>

#include "chainrule/machine.h"
#include "commands.h"
#include "json.h"
#include "layout.h"

namespace chainrule::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

int run_version(const Arguments& arguments, Console& console) {
  const VersionInfo info = version_info();
  if (arguments.on("json")) {
    console.out << version_json(info) << '\n';
    return 0;
  }
  console.out << console.out_style.bold("chainrule " + info.version) << '\n';
  print_pairs(console, {{"compiler", info.compiler + ", " + info.build_type},
                        {"instruction set", info.instruction_set + " (possible here: " + joined(info.instruction_sets) + ")"},
                        {"engines", joined(info.plan_candidates)},
                        {"cores", std::to_string(info.cores)}});
  return 0;
}

}  // namespace chainrule::cli
