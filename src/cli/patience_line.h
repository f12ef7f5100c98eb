// One line on the terminal while silent work takes long, so that nobody wonders whether it hangs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "arguments.h"
#include "console.h"

namespace chainrule::cli {

/// "chainrule explain: 5 s so far; Ctrl-C ends it", redrawn each second once the work has taken two; erased when destroyed. A thread of its
/// own draws it: nothing else may write to console.err meanwhile. Without a thread to be had there is no line.
class PatienceLine {
 public:
  using Time = std::chrono::milliseconds;
  PatienceLine(bool wanted, std::string_view command, Console& console, Time first = Time(2000), Time every = Time(1000));
  PatienceLine(const PatienceLine&) = delete;
  PatienceLine& operator=(const PatienceLine&) = delete;
  ~PatienceLine();

 private:
  void draw_until_done();

  Console& console_;
  const std::string command_;
  const Time first_, every_;
  std::mutex mutex_;
  std::condition_variable done_changed_;
  bool done_ = false;
  std::thread thread_;
};

/// Where stderr is a terminal, or --progress says so, unless the table is being typed into it.
bool wants_patience_line(const Arguments& arguments, const Console& console);

/// work(), under a patience line.
template <class Work>
auto patiently(const Arguments& arguments, Console& console, const Work& work) {
  const PatienceLine line(wants_patience_line(arguments, console), arguments.command->name, console);
  return work();
}

}  // namespace chainrule::cli
