// The one line on the terminal that shows how far a training run is.
#pragma once

#include <chrono>
#include <iosfwd>
#include <string>

#include "chainrule/train.h"
#include "console.h"

namespace chainrule::cli {

/// The line for one event, at most `width` columns; parts that do not fit are left out, least important first.
std::string progress_text(const TrainEvent& event, const TrainEvent& last_epoch, int width, bool unicode);

/// Redraws its line at most ten times a second; clears it when destroyed.
class ProgressLine {
 public:
  explicit ProgressLine(Console& console) : console_(console) {}
  ~ProgressLine() { clear(); }
  void show(const TrainEvent& event);
  void clear();

 private:
  Console& console_;
  TrainEvent last_epoch_;
  std::chrono::steady_clock::time_point drawn_{};
  bool visible_ = false;
};

}  // namespace chainrule::cli
