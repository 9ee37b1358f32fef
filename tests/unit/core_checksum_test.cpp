#include "core/checksum.hpp"

#include <gtest/gtest.h>

#include <string>

namespace scorefield {
namespace {

std::uint64_t of(const std::string& text, std::uint64_t seed = 0) {
  return checksum(std::as_bytes(std::span(text)), seed);
}

// The values of the reference implementation (xxhsum -H64; Python's xxhash.xxh64 with a seed).
TEST(Checksum, IsXxh64) {
  EXPECT_EQ(of(""), 0xEF46DB3751D8E999u);
  EXPECT_EQ(of("a"), 0xD24EC4F1A98C6E5Bu);
  EXPECT_EQ(of("abc"), 0x44BC2CF5AD770999u);
  EXPECT_EQ(of("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1u);
}

TEST(Checksum, ChangesWithEveryBitAndWithTheSeed) {
  std::string text(100, 'x');
  const auto whole = of(text);
  for (std::size_t i = 0; i < text.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      text[i] = static_cast<char>(text[i] ^ (1 << bit));
      EXPECT_NE(of(text), whole) << i << " " << bit;
      text[i] = static_cast<char>(text[i] ^ (1 << bit));
    }
  EXPECT_NE(of(text, 1), whole);
}

}  // namespace
}  // namespace scorefield
