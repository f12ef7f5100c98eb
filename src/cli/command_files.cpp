// Goes through the table of flags, so that a new flag is covered by itself.
#include "command_files.h"

#include <unistd.h>

#include <filesystem>

#include "chainrule/model.h"
#include "files/file_account.h"

namespace chainrule::cli {
namespace {

/// The images and labels of an IDX folder.
void add_parts(FileAccount& account, const std::string& role, const std::string& folder) {
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    if (entry->path().filename().string().find("ubyte") != std::string::npos) account.reads(role, entry->path().string());
  }
}

void add_input(FileAccount& account, const std::string& role, const std::string& text) {
  if (text == "-") return account.reads_descriptor("standard input", STDIN_FILENO);
  account.reads(role, text);
  std::error_code failed;
  if (!std::filesystem::is_directory(text, failed)) return;
  for (const std::string& file : run_files(text)) account.reads(role, file);
  add_parts(account, role, text);
}

}  // namespace

void check_files(const Arguments& arguments) {
  FileAccount account;
  for (std::size_t i = 0; i < arguments.positionals.size(); ++i) {
    const Argument& argument = arguments.command->arguments[i];
    if (argument.names_file) add_input(account, argument.name, arguments.positionals[i]);
  }
  for (const Given& given : arguments.given) {
    const Flag& flag = *arguments.command->find(given.flag);
    if (flag.writes) account.writes("--" + flag.name, given.text);
    else if (flag.names_file()) add_input(account, "--" + flag.name, given.text);
  }
  account.writes_descriptor("standard output", STDOUT_FILENO);
  account.check();
}

}  // namespace chainrule::cli
