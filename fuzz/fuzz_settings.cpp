// Any text as the value of any setting ("cosine:floor=0.1", "0.2:alpha", "256,256"): accepted and printed back to the same value, or an Error.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "chainrule/error.h"
#include "chainrule/train.h"

namespace {

void require(bool good) {
  if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const auto& all = chainrule::train_settings();
  const std::string key = all[bytes[0] % all.size()].key;
  const std::string value(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  try {
    chainrule::TrainSettings settings, again;
    chainrule::set_train_setting(settings, key, value, "--" + key);
    const std::string printed = chainrule::get_train_setting(settings, key);
    chainrule::set_train_setting(again, key, printed, "--" + key);
    require(chainrule::get_train_setting(again, key) == printed);
  } catch (const chainrule::Error& error) {
    require(!chainrule::explain_error(error.code()).empty() && !error.message().empty());
  }
  return 0;
}
