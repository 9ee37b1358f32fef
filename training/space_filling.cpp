#include "training/space_filling.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace scorefield::training {
namespace {

/// Position on the Hilbert curve of a cell with `dimension` coordinates of `bits` bits each (Skilling 2004).
std::uint64_t hilbert_index(std::span<std::uint32_t> cell, int bits) {
  const std::size_t n = cell.size();
  const std::uint32_t top = 1u << (bits - 1);
  // Undo the excess rotations and reflections of the curve's cells, from the coarsest level to the finest.
  for (std::uint32_t q = top; q > 1; q >>= 1) {
    const std::uint32_t lower = q - 1;
    for (std::size_t i = 0; i < n; ++i) {
      // Invert the low bits of cell[0] where the bit is set, else exchange them with cell[i]; without a branch.
      const std::uint32_t set = (cell[i] & q) ? ~0u : 0u;
      const std::uint32_t swap = (cell[0] ^ cell[i]) & lower & ~set;
      cell[0] ^= (lower & set) | swap;
      cell[i] ^= swap;
    }
  }
  // Gray encode.
  for (std::size_t i = 1; i < n; ++i) cell[i] ^= cell[i - 1];
  std::uint32_t flip = 0;
  for (std::uint32_t q = top; q > 1; q >>= 1)
    if (cell[n - 1] & q) flip ^= q - 1;
  for (auto& coordinate : cell) coordinate ^= flip;
  // Interleave the bits, most significant first.
  std::uint64_t index = 0;
  for (int b = bits - 1; b >= 0; --b)
    for (std::size_t i = 0; i < n; ++i) index = index << 1 | (cell[i] >> b & 1u);
  return index;
}

}  // namespace

std::vector<std::int64_t> hilbert_order(std::span<const float> x, std::int64_t dimension) {
  const auto d = static_cast<std::size_t>(dimension);
  const std::size_t count = x.size() / d;
  std::array<float, kMaxHilbertDimension> low, high;
  low.fill(std::numeric_limits<float>::max());
  high.fill(std::numeric_limits<float>::lowest());
  for (std::size_t p = 0; p < count; ++p)
    for (std::size_t c = 0; c < d; ++c) {
      low[c] = std::min(low[c], x[p * d + c]);
      high[c] = std::max(high[c], x[p * d + c]);
    }

  // A few cells per point resolve the order; finer ones would only cost time.
  const int fine = static_cast<int>(std::bit_width(count) / d) + 3;
  const int bits = d == 1 ? 31 : std::min(fine, static_cast<int>(62 / d));
  const double cells = std::ldexp(1.0, bits);
  std::vector<std::pair<std::uint64_t, std::int64_t>> keyed(count);
  std::array<std::uint32_t, kMaxHilbertDimension> cell{};
  for (std::size_t p = 0; p < count; ++p) {
    for (std::size_t c = 0; c < d; ++c) {
      const double width = std::max(static_cast<double>(high[c]) - low[c], 1e-30);
      const double scaled = (static_cast<double>(x[p * d + c]) - low[c]) / width * cells;
      cell[c] = static_cast<std::uint32_t>(std::clamp(scaled, 0.0, cells - 1));
    }
    keyed[p] = {hilbert_index(std::span(cell.data(), d), bits), static_cast<std::int64_t>(p)};
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::int64_t> order(count);
  for (std::size_t p = 0; p < count; ++p) order[p] = keyed[p].second;
  return order;
}

}  // namespace scorefield::training
