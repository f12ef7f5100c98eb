// SHA-256 (FIPS 180-4), for model and data digests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace chainrule {

class Sha256 {
 public:
  Sha256() noexcept;
  void add(const void* bytes, std::size_t size) noexcept;
  /// 64 hex digits; the object is spent.
  std::string hex() noexcept;

 private:
  void block(const std::uint8_t* bytes) noexcept;
  std::array<std::uint32_t, 8> state_;
  std::array<std::uint8_t, 64> buffer_;
  std::uint64_t length_ = 0;
};

std::string sha256_hex(const void* bytes, std::size_t size);
/// Floats as little-endian bytes.
std::string digest_of(std::span<const float> values);

}  // namespace chainrule
