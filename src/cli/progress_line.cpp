// Draws the progress of training: epoch, bar, loss, validation, rows per second, time left.
#include "progress_line.h"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <vector>

#include "layout.h"

namespace chainrule::cli {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::size_t kBarColumns = 12;

double share_done(const TrainEvent& event) {
  if (event.epochs == 0) return 0;
  const double epochs = static_cast<double>(event.epochs);
  if (event.kind == TrainEvent::Kind::epoch) return static_cast<double>(event.epoch) / epochs;
  const double within = event.steps_per_epoch == 0 ? 0 : static_cast<double>((event.step - 1) % event.steps_per_epoch + 1) / static_cast<double>(event.steps_per_epoch);
  return (std::max<double>(static_cast<double>(event.epoch), 1) - 1 + (event.step == 0 ? 0 : within)) / epochs;
}

std::string bar_text(double share, bool unicode) {
  const std::string filled = bar(share, kBarColumns, unicode);
  return (unicode ? "▕" : "[") + filled + std::string(kBarColumns - shown_width(filled), ' ') + (unicode ? "▏" : "]");
}

std::string time_left(const TrainEvent& event, double share) {
  if (share <= 0 || event.seconds <= 0) return "";
  const long left = std::lround(event.seconds / share * (1 - share));
  return left < 60 ? std::to_string(left) + " s left" : duration_text(static_cast<double>(left)) + " left";
}

}  // namespace

std::string progress_text(const TrainEvent& event, const TrainEvent& last_epoch, int width, bool unicode) {
  const double share = share_done(event);
  struct Part { int importance; std::string text; };
  std::vector<Part> parts;
  parts.push_back({0, "epoch " + std::to_string(event.epoch) + "/" + std::to_string(event.epochs)});
  parts.push_back({4, bar_text(share, unicode)});
  parts.push_back({1, "loss " + measure_text(event.loss)});
  if (last_epoch.has_validation) {
    const Metrics& m = last_epoch.validation;
    parts.push_back({5, "validation " + measure_text(m.loss)});
    parts.push_back({3, m.classification ? "accuracy " + measure_text(m.accuracy) : "rmse " + measure_text(m.rmse)});
  }
  if (event.rows_per_second > 0) parts.push_back({6, short_count(event.rows_per_second) + " rows/s"});
  parts.push_back({2, time_left(event, share)});
  for (int least = 6; least >= 0; --least) {
    std::string line;
    for (const Part& part : parts) {
      if (part.importance <= least && !part.text.empty()) line += (line.empty() ? "" : "  ") + part.text;
    }
    if (shown_width(line) < static_cast<std::size_t>(width)) return line;
  }
  return "";
}

void ProgressLine::show(const TrainEvent& event) {
  if (event.kind == TrainEvent::Kind::epoch) last_epoch_ = event;
  if (event.kind != TrainEvent::Kind::epoch && event.kind != TrainEvent::Kind::step) return;
  const auto now = std::chrono::steady_clock::now();
  if (visible_ && now - drawn_ < kRedraw) return;
  drawn_ = now;
  visible_ = true;
  console_.err << "\r" << progress_text(event, last_epoch_, console_.width, console_.unicode) << "\033[K" << std::flush;
}

void ProgressLine::clear() {
  if (visible_) console_.err << "\r\033[K" << std::flush;
  visible_ = false;
}

}  // namespace chainrule::cli
