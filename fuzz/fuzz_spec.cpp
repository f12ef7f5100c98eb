// Any bytes as the TOML text of a spec: a spec or an Error, never a crash; a spec that passes its check survives the round trip.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "chainrule/error.h"
#include "chainrule/network_spec.h"

namespace {

void require(bool good) {
  if (!good) std::abort();
}

void check(const chainrule::ParsedSpec& spec) {
  chainrule::check_spec(spec.network, spec.training);
  const chainrule::ParsedSpec back = chainrule::spec_from_toml(chainrule::spec_to_toml(spec.network, spec.training));
  require(back.network == spec.network && back.training == spec.training);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    check(chainrule::spec_from_toml(text, "fuzz.toml"));
  } catch (const chainrule::Error& error) {
    require(!chainrule::explain_error(error.code()).empty());
    require(!error.message().empty() && !error.hint().empty() && !error.where().empty());
  }
  return 0;
}
