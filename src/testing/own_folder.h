// Tests: a folder on disk that is theirs alone.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace chainrule {

/// A new empty folder for each test, removed after it.
class OwnFolder : public ::testing::Test {
 protected:
  OwnFolder() {
    folder_ = (std::filesystem::temp_directory_path() / "chainrule-XXXXXX").string();
    if (::mkdtemp(folder_.data()) == nullptr) ADD_FAILURE() << "no folder " << folder_;
  }
  ~OwnFolder() override {
    std::error_code ignored;
    std::filesystem::permissions(folder_, std::filesystem::perms::all, ignored);
    std::filesystem::remove_all(folder_, ignored);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
};

}  // namespace chainrule
