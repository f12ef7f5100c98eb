// Tests of the aligned arrays: alignment, zeros, ownership.
#include "base/aligned_buffer.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace chainrule {
namespace {

TEST(AlignedBuffer, StartsOnACacheLineAndIsZero) {
  for (std::size_t size : {1u, 17u, 4096u, 600000u, 1u << 20}) {
    AlignedBuffer<float> buffer(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0u);
    ASSERT_EQ(buffer.size(), size);
    for (float value : buffer.span()) ASSERT_EQ(value, 0.0f);
    for (float& value : buffer.span()) value = 1;  // every element is writable
  }
}

TEST(AlignedBuffer, MovingHandsOverTheMemory) {
  AlignedBuffer<int> first(100), second(5);
  first[99] = 7;
  second = std::move(first);
  EXPECT_EQ(second.size(), 100u);
  EXPECT_EQ(second[99], 7);
  AlignedBuffer<int> third(std::move(second));
  EXPECT_EQ(third[99], 7);
}

TEST(AlignedBuffer, AbsurdSizeIsBadAlloc) {
  EXPECT_THROW(AlignedBuffer<double>(static_cast<std::size_t>(-1) / 4), std::bad_alloc);
  EXPECT_THROW(AlignedBuffer<float>(std::size_t{1} << 60), std::bad_alloc);
}

}  // namespace
}  // namespace chainrule
