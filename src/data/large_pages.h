// Asking for large pages where much memory is about to be written once: the first touch of 4 KB pages costs more than writing them.
#pragma once

#include <cstddef>

namespace chainrule::data {

/// A hint, for memory that was reserved and not yet written; changes nothing but speed.
void prefer_large_pages(const void* memory, std::size_t bytes) noexcept;

/// A container of `size` bytes with room in large pages; its bytes are zero.
template <class Bytes>
Bytes large_buffer(std::size_t size) {
  Bytes bytes;
  bytes.reserve(size);
  prefer_large_pages(bytes.data(), size);
  bytes.resize(size);
  return bytes;
}

}  // namespace chainrule::data
