// Waits beside the work, and draws when it has waited long enough.
#include "patience_line.h"

#include <algorithm>
#include <ostream>
#include <system_error>

#include "layout.h"

namespace chainrule::cli {
namespace {

std::string line_text(const std::string& command, long seconds, int width) {
  const std::string time = seconds < 60 ? std::to_string(seconds) + " s" : duration_text(static_cast<double>(seconds));
  return cut("chainrule " + command + ": " + time + " so far; Ctrl-C ends it", static_cast<std::size_t>(width) - 1);
}

}  // namespace

PatienceLine::PatienceLine(bool wanted, std::string_view command, Console& console, Time first, Time every)
    : console_(console), command_(command), first_(first), every_(every) {
  if (!wanted) return;
  try {
    thread_ = std::thread([this] { draw_until_done(); });
  } catch (const std::system_error&) {  // no thread to be had: the work matters more
  }
}

PatienceLine::~PatienceLine() {
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  done_changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void PatienceLine::draw_until_done() {
  const auto begin = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  auto next = begin + first_;
  for (; !done_changed_.wait_until(lock, next, [this] { return done_; }); next += every_) {
    const long seconds = std::chrono::duration_cast<std::chrono::seconds>(next - begin).count();
    console_.err << '\r' << line_text(command_, seconds, console_.width) << "\033[K" << std::flush;
  }
  if (next != begin + first_) console_.err << "\r\033[K" << std::flush;
}

bool wants_patience_line(const Arguments& arguments, const Console& console) {
  const std::string when = arguments.text("progress", "auto");
  if (when != "auto") return when == "always";
  const auto& words = arguments.positionals;
  const bool reads_stdin = arguments.text("data") == "-" || std::find(words.begin(), words.end(), "-") != words.end();
  return console.err_terminal && !(console.in_terminal && reads_stdin);
}

}  // namespace chainrule::cli
