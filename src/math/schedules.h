// Schedules: the factor a hyper-parameter is multiplied by at each step of a run. Formulas: docs/schedules.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chainrule/network_spec.h"

namespace chainrule::math {

/// The factor at `step` (from 0). steps_per_epoch and total_steps count updates and are taken as at least 1; a step
/// beyond the run keeps the
/// last factor. plateau gives 1 here (see PlateauState). Uses no C library function: the same bits everywhere.
double schedule_factor(const ScheduleSpec& spec, std::uint64_t step, std::uint64_t steps_per_epoch, std::uint64_t total_steps) noexcept;

/// The memory of `plateau`: plain data, for checkpoints. Multiply its factor into schedule_factor's (which is the
/// warm-up).
struct PlateauState {
  double factor = 1, best = 0;
  std::uint64_t epochs = 0, waiting = 0;
  /// One validation score per epoch, lower is better. After more than `patience` epochs without improvement the
  /// factor shrinks.
  void add(const ScheduleSpec& spec, double score) noexcept;
  friend bool operator==(const PlateauState&, const PlateauState&) = default;
};

/// "cosine", "cosine:floor=0.01,warmup=0.05", "multi_step:milestones=30+60+80,factor=0.1". Throws Error E0202
/// (unknown kind, or a
/// setting the kind does not have, with the nearest name) or E0214 (not a number), naming `where`. Ranges are
/// check_spec()'s business.
ScheduleSpec parse_schedule(std::string_view text, std::string_view where = "");
/// The text that parse_schedule reads back to the same schedule: the settings the kind has, where they differ from
/// their defaults.
std::string format_schedule(const ScheduleSpec& spec);

}  // namespace chainrule::math
