// A run's settings as the command line that trains the same.
#pragma once

#include <map>
#include <string>

namespace chainrule::api {

/// "chainrule train houses.csv --target price --lr 0.1", quoted for the shell. `given`: setting -> text, as TrainSettings::given; `changed`
/// replaces some of them ("" takes one away). A folder that was named is used again, so --force comes with it.
std::string train_command(const std::string& data, std::map<std::string, std::string> given, const std::map<std::string, std::string>& changed);

}  // namespace chainrule::api
