// toml++ itself, compiled once (src/net and src/cli read TOML).
#define TOML_IMPLEMENTATION
#include <toml++/toml.h>
