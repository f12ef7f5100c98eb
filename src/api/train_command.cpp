// A run's settings as the command line that trains the same.
#include "api/train_command.h"

#include <algorithm>

#include "base/shown_text.h"
#include "chainrule/train.h"

namespace chainrule::api {
namespace {

std::string flag_text(const SettingInfo& setting, const std::string& value) {
  const std::string flag = " --" + setting.key;
  if (setting.value_name.empty()) return value == "false" || value == "no" || value == "off" || value == "0" ? "" : flag;
  return flag + (value.starts_with("-") ? "=" : " ") + shell_word(value);
}

}  // namespace

std::string train_command(const std::string& data, std::map<std::string, std::string> given, const std::map<std::string, std::string>& changed) {
  for (const auto& [key, value] : changed) value.empty() ? void(given.erase(key)) : void(given[key] = value);
  std::string text = "chainrule train " + shell_path(data);
  for (const SettingInfo& setting : train_settings()) {
    const auto one = given.find(setting.key);
    if (one != given.end()) text += flag_text(setting, one->second);
  }
  return text + (given.count("out") != 0 ? " --force" : "");
}

}  // namespace chainrule::api
