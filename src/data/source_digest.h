// SHA-256 over what a table was read from: the raw bytes of its file, or names and bytes of an IDX folder's files. A resumed run compares it.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace chainrule::data {

/// Takes the bytes that are parsed, so that no other bytes can come between the table and its digest.
class SourceDigest {
 public:
  /// The raw bytes of a file; with_name: one of a folder's, whose names count too. Ends with E0590 once `stop` is true.
  void add(const std::string& path, std::string_view bytes, bool with_name, const std::atomic<bool>* stop);
  /// The source was a pipe or a device: it cannot be read again, so there is no digest.
  void set_unrepeatable() noexcept { repeatable_ = false; }
  /// Reads those of the source's files that nobody needed (the test part of a folder). "": the source cannot be read again.
  std::string finish(const std::string& path, const std::atomic<bool>* stop);

 private:
  void add_unread(const std::string& path, bool with_name, const std::atomic<bool>* stop);
  void begin(const std::string& path, bool with_name);

  Sha256 sha_;
  std::vector<std::string> read_;
  bool repeatable_ = true;
};

}  // namespace chainrule::data
