// Picks from a plan's notes those that a person should see.
#include "plan_text.h"

#include <algorithm>

#include "layout.h"

namespace chainrule::cli {

std::string engine_text(const PlanReport& plan) {
  return plan.engine + " " + plan.instruction_set + ", " + plural(static_cast<std::uint64_t>(plan.threads), "thread");
}

std::string plan_text(const PlanReport& plan) {
  constexpr std::string_view kRemarkable[] = {" refused: ", "are stored", "bf16", "could be started"};
  std::string text = engine_text(plan);
  for (const std::string& note : plan.notes) {
    const auto is_in = [&](std::string_view word) { return note.find(word) != std::string::npos; };
    const bool shown = std::any_of(std::begin(kRemarkable), std::end(kRemarkable), is_in);
    if (shown) text += "; " + note.substr(note.starts_with(plan.engine + ": ") ? plan.engine.size() + 2 : 0);
  }
  return text;
}

}  // namespace chainrule::cli
