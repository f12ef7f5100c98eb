// Tests of SHA-256 against the examples NIST publishes for FIPS 180-4.
#include "base/digest.h"

#include <gtest/gtest.h>

#include <bit>
#include <string>
#include <vector>

namespace chainrule {
namespace {

std::string hash(const std::string& text) { return sha256_hex(text.data(), text.size()); }

TEST(Digest, EqualsTheFipsExamples) {
  EXPECT_EQ(hash(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hash(std::string(1000000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Digest, PiecesGiveTheDigestOfTheWhole) {
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string text(size, 'x');
    for (const std::size_t cut : {std::size_t{0}, size / 3, size / 2, size}) {
      Sha256 pieces;
      pieces.add(text.data(), cut);
      pieces.add(text.data() + cut, size - cut);
      ASSERT_EQ(pieces.hex(), hash(text)) << size << " cut at " << cut;
    }
  }
}

TEST(Digest, OneBitOfOneFloatChangesTheDigest) {
  std::vector<float> values(100, 0.5f);
  const std::string before = digest_of(values);
  values[99] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(values[99]) ^ 1u);
  EXPECT_NE(digest_of(values), before);
  const std::vector<float> one = {1.0f};
  EXPECT_EQ(digest_of(one), sha256_hex("\x00\x00\x80\x3f", 4));
}

}  // namespace
}  // namespace chainrule
