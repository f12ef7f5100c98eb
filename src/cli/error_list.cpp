// All error codes with their titles and explanations, asked of the library one by one.
#include "chainrule/error.h"
#include "help.h"

namespace chainrule::cli {
namespace {

constexpr int kFirstCode = 100, kEndOfCodes = 1000;

struct Entry {
  std::string code, title, explanation;
};

std::vector<Entry> all_entries() {
  std::vector<Entry> entries;
  for (int number = kFirstCode; number < kEndOfCodes; ++number) {
    const std::string code = "E0" + std::to_string(number);
    const std::string text(explain_error(code));
    const std::size_t line = text.find('\n');
    if (!text.empty()) entries.push_back({code, text.substr(0, line), line == std::string::npos ? "" : text.substr(line + 1)});
  }
  return entries;
}

}  // namespace

std::vector<std::string> error_codes() {
  std::vector<std::string> codes;
  for (const Entry& entry : all_entries()) codes.push_back(entry.code);
  return codes;
}

std::string error_list() {
  std::string text;
  for (const Entry& entry : all_entries()) text += entry.code + "  " + entry.title + "\n";
  return text + "\n`chainrule help E0301` explains one of them.\n";
}

std::string error_markdown() {
  std::string page = "# Error codes\n\n<!-- Made by `chainrule help errors --markdown`; edit src/base/error_catalogue.cpp. -->\n\n";
  page += "`error[CODE]: place: message`, then a hint. The hundreds of a code say what is at fault, and the exit code follows:\n";
  page += "E01 and E02 usage (2), E03 data (3), E04 files (4), E05 divergence (5; E0590 interruption, 130).\n";
  for (const Entry& entry : all_entries()) page += "\n**" + entry.code + " " + entry.title + ".** " + entry.explanation + "\n";
  return page;
}

}  // namespace chainrule::cli
