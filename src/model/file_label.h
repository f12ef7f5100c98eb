// What a file in a run folder is, told from its header alone: whose it is, of which run, how far that run has come.
#pragma once

#include <cstdint>
#include <string>

namespace chainrule::model {

struct FileLabel {
  enum class Kind { absent, foreign, model, checkpoint } kind = Kind::absent;
  std::string run;             ///< kRunFact; "" in files of version 0.1.0
  std::string unfinished;      ///< kUnfinishedFact: why the run ended before its time; "" for a finished model
  std::uint64_t step = 0;      ///< updates done

  bool is_finished_model() const noexcept { return kind == Kind::model && unfinished.empty(); }
};

/// Entries of ModelFile::facts.
inline constexpr const char* kRunFact = "run";                ///< equal for equal data and settings
inline constexpr const char* kUnfinishedFact = "unfinished";  ///< "interrupted in epoch 3 of 100"

/// Never throws for a file that is not Chainrule's: that is Kind::foreign. A file that cannot be opened though it exists
/// throws Error E0401, one that cannot be read E0424.
FileLabel read_label(const std::string& path);

}  // namespace chainrule::model
