#include "tests/fuzz/mutate.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace scorefield::test {
namespace {

/// Numbers that readers tend to forget, as eight bytes.
std::string edge(Dice& dice) {
  constexpr std::array<std::uint64_t, 10> kEdges{0,
                                                 1,
                                                 0xff,
                                                 0x7fffffff,
                                                 0xffffffff,
                                                 std::uint64_t{1} << 40,
                                                 0x7fffffffffffffff,
                                                 0xffffffffffffffff,
                                                 0x7ff8000000000000,  // not a number
                                                 0x7ff0000000000000};
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &kEdges[roll(dice, kEdges.size())], 8);
  return bytes;
}

void mutate_once(std::string& bytes, Dice& dice) {
  if (bytes.empty()) return bytes.push_back('x');
  const std::size_t at = roll(dice, bytes.size()), length = 1 + roll(dice, 64), left = bytes.size() - at;
  switch (roll(dice, 8)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << roll(dice, 8)));
      break;
    case 1:
      bytes[at] = static_cast<char>(roll(dice, 256));
      break;
    case 2:
      bytes.replace(at, std::min(length, left), std::min(length, left), '\0');
      break;
    case 3:
      bytes.resize(at);
      break;
    case 4:
      bytes.erase(at, length);
      break;
    case 5:
      bytes.insert(at, bytes.substr(roll(dice, bytes.size()), length));
      break;
    case 6: {
      const std::string piece = bytes.substr(roll(dice, bytes.size()), std::min(length, left));
      bytes.replace(at, piece.size(), piece);
      break;
    }
    default: {
      const std::size_t width = std::min<std::size_t>(std::size_t{1} << roll(dice, 4), left);
      bytes.replace(at, width, edge(dice).substr(0, width));
    }
  }
}

}  // namespace

std::uint64_t roll(Dice& dice, std::uint64_t count) { return dice() % std::max<std::uint64_t>(1, count); }

std::string mutated_bytes(std::string bytes, Dice& dice) {
  for (std::uint64_t i = roll(dice, 4) + 1; i > 0; --i) mutate_once(bytes, dice);
  return bytes;
}

}  // namespace scorefield::test
