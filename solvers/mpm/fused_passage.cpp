#include "solvers/mpm/fused_passage.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "solvers/mpm/blocks.hpp"

namespace scorefield::mpm {
namespace {

constexpr std::int64_t kSlabRows = 4;  ///< grid rows whose particles scatter together
constexpr std::int64_t kNodeBlock = 16384;

}  // namespace

template <class T>
void FusedPassage<T>::clear_nodes(std::int64_t node_count) {
  const auto numbers = static_cast<std::size_t>((node_count + 1) * kLanes);  // rows of three are handled as four
  if (nodes_.size() < numbers) nodes_.resize(numbers);
  grid_.nodes = nodes_.data();
  over_blocks(node_count, kNodeBlock, [&](std::int64_t begin, std::int64_t end) {
    std::memset(nodes_.data() + begin * kLanes, 0, static_cast<std::size_t>((end - begin) * kLanes) * sizeof(T));
  });
}

template <class T>
void FusedPassage<T>::order_by_slab(const Passage<T>& passage, const Whereabouts<T>& where) {
  const std::int64_t slabs = grid_.size[0] / kSlabRows + 1, count = passage.count;
  order_.resize(static_cast<std::size_t>(count));
  slab_of_.resize(static_cast<std::size_t>(count));
  slab_start_.assign(static_cast<std::size_t>(slabs + 1), 0);
  const T inverse = T(1) / grid_.h;
  for (std::int64_t p = 0; p < count; ++p)
    slab_of_[static_cast<std::size_t>(p)] =
        static_cast<std::int32_t>(
            (static_cast<T>(where.positions[static_cast<std::size_t>(p * passage.d)]) - grid_.origin[0]) * inverse -
            T(0.5)) /
        static_cast<std::int32_t>(kSlabRows);
  // Neighbours in memory are mostly neighbours in space: stretches of one slab are counted and placed at once.
  const auto stretches = [&](auto&& visit) {
    for (std::int64_t p = 0; p < count;) {
      const std::int32_t slab = slab_of_[static_cast<std::size_t>(p)];
      std::int64_t end = p + 1;
      while (end < count && slab_of_[static_cast<std::size_t>(end)] == slab) ++end;
      visit(static_cast<std::size_t>(slab), p, end);
      p = end;
    }
  };
  stretches([&](std::size_t slab, std::int64_t begin, std::int64_t end) { slab_start_[slab + 1] += end - begin; });
  for (std::size_t s = 1; s < slab_start_.size(); ++s) slab_start_[s] += slab_start_[s - 1];
  std::vector<std::int64_t> next(slab_start_.begin(), slab_start_.end() - 1);
  stretches([&](std::size_t slab, std::int64_t begin, std::int64_t end) {
    std::iota(order_.begin() + next[slab], order_.begin() + next[slab] + (end - begin),
              static_cast<std::int32_t>(begin));
    next[slab] += end - begin;
  });
}

template <class T>
void FusedPassage<T>::scatter_all(const Passage<T>& passage) {
  const auto slabs = static_cast<std::int64_t>(slab_start_.size()) - 1;
  const auto one = [&](std::int64_t slab) {
    transfers_.scatter(grid_, passage.particles, passage.kick, order_.data(),
                       {slab_start_[static_cast<std::size_t>(slab)], slab_start_[static_cast<std::size_t>(slab + 1)]});
  };
  if (passage.count < 4 * kParticleBlock) {
    for (std::int64_t s = 0; s < slabs; s += 2) one(s);
    for (std::int64_t s = 1; s < slabs; s += 2) one(s);
  } else {  // a slab reaches two rows into the next one only
    parallel_for((slabs + 1) / 2, [&](std::int64_t s) { one(2 * s); });
    parallel_for(slabs / 2, [&](std::int64_t s) { one(2 * s + 1); });
  }
}

template <class T>
void FusedPassage<T>::gather_all(const Passage<T>& passage, Whereabouts<T>& where) {
  const std::int64_t blocks = (passage.count + kParticleBlock - 1) / kParticleBlock;
  boxes_.resize(static_cast<std::size_t>(6 * blocks));
  over_blocks(passage.count, kParticleBlock, [&](std::int64_t begin, std::int64_t end) {
    transfers_.gather(grid_, passage.particles, passage.move, {begin, end}, where.positions.data(),
                      boxes_.data() + 6 * (begin / kParticleBlock));
  });
  for (std::size_t a = 0; a < static_cast<std::size_t>(passage.d); ++a) {
    T &low = where.box[a], &high = where.box[3 + a];
    low = boxes_[a];
    high = boxes_[3 + a];
    for (std::size_t b = 6; b < boxes_.size(); b += 6) {
      low = std::isfinite(boxes_[b + a]) ? std::min(low, boxes_[b + a]) : boxes_[b + a];
      high = std::max(high, boxes_[b + 3 + a]);
    }
  }
}

template <class T>
void FusedPassage<T>::pass(const Passage<T>& passage, Whereabouts<T>& where) {
  grid_ = passage.grid;
  clear_nodes(passage.node_count);
  order_by_slab(passage, where);
  scatter_all(passage);
  over_blocks(passage.node_count, kNodeBlock,
              [&](std::int64_t begin, std::int64_t end) { transfers_.update(grid_, passage.keep, {begin, end}); });
  gather_all(passage, where);
}

template class FusedPassage<float>;
template class FusedPassage<double>;

}  // namespace scorefield::mpm
