// Any bytes as the TOML file behind --config: values for settings or an Error with a place, never a crash.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "chainrule/error.h"
#include "chainrule/train.h"
#include "cli/config_file.h"
#include "cli/flags.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    chainrule::TrainSettings settings;
    for (const chainrule::cli::Given& given : chainrule::cli::parse_config(text, "fuzz.toml", chainrule::cli::find_command("train"))) {
      chainrule::set_train_setting(settings, given.flag, given.text, given.where);
    }
  } catch (const chainrule::Error& error) {
    if (chainrule::explain_error(error.code()).empty() || error.message().empty()) std::abort();
  }
  return 0;
}
