#include "training/batch/space_filling.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace scorefield::training {
namespace {

/// Points that are converted together, one array per coordinate: every loop over them is a vector loop.
constexpr std::size_t kBlock = 256;
using Coordinates = std::array<std::array<std::uint32_t, kBlock>, kMaxHilbertDimension>;

/// Positions on the Hilbert curve of a block of cells with `d` coordinates of `bits` bits each (Skilling 2004).
/// Index holds d * bits bits.
template <class Index>
void hilbert_indices(Coordinates& cell, std::size_t d, int bits, std::array<Index, kBlock>& index) {
  // All ones where bit b of a number is set: arithmetic, so that loops over points have no branch.
  const auto mask_of = [](std::uint32_t number, int b) { return 0u - (number >> b & 1u); };
  // Undo the excess rotations and reflections of the curve's cells, from the coarsest level to the finest.
  for (int b = bits - 1; b > 0; --b) {
    const std::uint32_t lower = (1u << b) - 1;
    std::uint32_t* const first = cell[0].data();
    for (std::size_t p = 0; p < kBlock; ++p) first[p] ^= lower & mask_of(first[p], b);
    for (std::size_t i = 1; i < d; ++i) {
      std::uint32_t* __restrict const other = cell[i].data();
      std::uint32_t* __restrict const zeroth = first;
      for (std::size_t p = 0; p < kBlock; ++p) {
        // Invert the low bits of the first coordinate where the bit is set, else exchange them.
        const std::uint32_t set = mask_of(other[p], b);
        const std::uint32_t swap = (zeroth[p] ^ other[p]) & lower & ~set;
        zeroth[p] ^= (lower & set) | swap;
        other[p] ^= swap;
      }
    }
  }
  // Gray encode.
  for (std::size_t i = 1; i < d; ++i)
    for (std::size_t p = 0; p < kBlock; ++p) cell[i][p] ^= cell[i - 1][p];
  std::array<std::uint32_t, kBlock> flip{};
  for (int b = bits - 1; b > 0; --b)
    for (std::size_t p = 0; p < kBlock; ++p) flip[p] ^= ((1u << b) - 1) & mask_of(cell[d - 1][p], b);
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t p = 0; p < kBlock; ++p) cell[i][p] ^= flip[p];
  // Interleave the bits, most significant first.
  index.fill(0);
  for (int b = bits - 1; b >= 0; --b)
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t p = 0; p < kBlock; ++p) index[p] = index[p] << 1 | (cell[i][p] >> b & 1u);
}

struct Keyed {
  std::uint64_t key;
  std::int64_t point;
};

/// Sorts by the lowest `bits` bits of the keys; stable.
void radix_sort(std::vector<Keyed>& keyed, int bits) {
  constexpr int kDigit = 11;
  std::vector<Keyed> other(keyed.size());
  for (int shift = 0; shift < bits; shift += kDigit) {
    std::array<std::size_t, (1u << kDigit) + 1> start{};
    const auto digit = [shift](const Keyed& k) { return k.key >> shift & ((1u << kDigit) - 1); };
    for (const auto& k : keyed) ++start[digit(k) + 1];
    for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
    for (const auto& k : keyed) other[start[digit(k)]++] = k;
    keyed.swap(other);
  }
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
  std::array<double, kMaxHilbertDimension> per_unit{};
  for (std::size_t c = 0; c < d; ++c) per_unit[c] = cells / std::max(static_cast<double>(high[c]) - low[c], 1e-30);

  std::vector<Keyed> keyed(count);
  Coordinates cell{};
  std::array<std::uint32_t, kBlock> index32;
  std::array<std::uint64_t, kBlock> index64;
  const bool short_index = bits * static_cast<int>(d) <= 32;  // twice the vector lanes
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t points = std::min(kBlock, count - first);
    for (std::size_t c = 0; c < d; ++c)
      for (std::size_t p = 0; p < points; ++p) {
        const double scaled = (static_cast<double>(x[(first + p) * d + c]) - low[c]) * per_unit[c];
        cell[c][p] = static_cast<std::uint32_t>(static_cast<std::int32_t>(std::clamp(scaled, 0.0, cells - 1)));
      }
    if (short_index) {
      hilbert_indices(cell, d, bits, index32);
      std::copy(index32.begin(), index32.end(), index64.begin());
    } else {
      hilbert_indices(cell, d, bits, index64);
    }
    for (std::size_t p = 0; p < points; ++p) keyed[first + p] = {index64[p], static_cast<std::int64_t>(first + p)};
  }
  radix_sort(keyed, bits * static_cast<int>(d));
  std::vector<std::int64_t> order(count);
  for (std::size_t p = 0; p < count; ++p) order[p] = keyed[p].point;
  return order;
}

}  // namespace scorefield::training
