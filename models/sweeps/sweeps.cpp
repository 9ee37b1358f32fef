#include "models/sweeps/sweeps.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "models/sweeps/sweep_table.hpp"

namespace scorefield::kernels {
namespace {

template <class T>
const SweepTable<T>& table() {
  if constexpr (std::is_same_v<T, float>) return kSweeps.chosen().f32;
  else return kSweeps.chosen().f64;
}

PlainShape plain(const NetworkShape& shape) {
  return {shape.dimension(),   shape.features(), shape.width,
          shape.hidden_layers, shape.components, shape.coordinates.data()};
}

/// Memory for one purpose (Tag) of one thread, grown when needed and reused by every call.
template <class T, int tag>
T* scratch(long elements) {
  struct Release {
    void operator()(T* p) const { ::operator delete(p, std::align_val_t{64}); }
  };
  thread_local std::unique_ptr<T, Release> memory;
  thread_local long size = 0;
  if (size < elements) {
    const auto bytes = static_cast<std::size_t>(elements) * sizeof(T);
    memory.reset(static_cast<T*>(::operator new(bytes, std::align_val_t{64})));
    std::fill_n(memory.get(), elements, T(0));
    size = elements;
  }
  return memory.get();
}
constexpr int kWorkspace = 0, kSharedWeights = 1, kPartialSums = 2;

template <class T>
WeightView<T> view(const LayerWeights<GroupArray<T>>& weights) {
  return {weights.layers.data(), weights.values, weights.rates};
}

/// A call with its shared memory prepared.
template <class T>
SweepCall<T> prepared(const NetworkShape& shape, Order order, const LayerWeights<GroupArray<const T>>& weights) {
  SweepCall<T> call{plain(shape), order, view(weights)};
  call.shared = scratch<T, kSharedWeights>(table<T>().shared_elements(call));
  table<T>().prepare_shared(call);
  return call;
}

/// Points of one work item, and the most blocks of items that keep sums of their own: fixed, so that sums do not depend
/// on the number of threads.
constexpr std::int64_t kPointsPerItem = 1536;
constexpr std::int64_t kMaxBlocks = 32;

/// The work items of a call: each group's points in `ranges` ranges.
struct Division {
  std::int64_t groups, count, ranges;

  Division(std::int64_t all_groups, std::int64_t points)
      : groups(all_groups),
        count(points),
        ranges(std::max<std::int64_t>(1, (points + kPointsPerItem - 1) / kPointsPerItem)) {}
  [[nodiscard]] std::int64_t items() const { return groups * ranges; }
  /// The item's group, its number of points, and where they begin among all points.
  template <class T>
  [[nodiscard]] std::pair<WorkItem<T>, std::int64_t> item(std::int64_t index) const {
    const std::int64_t group = index / ranges, first = index % ranges * kPointsPerItem;
    WorkItem<T> item;
    item.group = group;
    item.count = std::min(kPointsPerItem, count - first);
    return {item, group * count + first};
  }
};

}  // namespace

template <class T>
void potential_and_gradient(const NetworkShape& shape, const LayerWeights<GroupArray<const T>>& weights,
                            const PointArrays<T>& points) {
  const SweepCall<T> call = prepared(shape, kValues, weights);
  const long elements = table<T>().workspace_elements(call);
  const std::int64_t d = shape.dimension();
  const Division division(points.groups, points.count);
  parallel_for(division.items(), [&](std::int64_t index) {
    auto [item, at] = division.item<T>(index);
    item.x = points.x + at * d;
    item.potential = points.potential ? points.potential + at : nullptr;
    item.gradient = points.gradient ? points.gradient + at * d : nullptr;
    item.memory = scratch<T, kWorkspace>(elements);
    table<T>().potential_and_gradient(call, item);
  });
}

namespace {

template <class T>
std::int64_t elements_of(const GroupArray<T>& array) {
  return array.data ? array.rows * array.columns : 0;
}

template <class T>
std::vector<GroupArray<T>*> arrays_of(LayerWeights<GroupArray<T>>& weights) {
  std::vector<GroupArray<T>*> arrays;
  for_each_tensor(weights, [&](GroupArray<T>& array) { arrays.push_back(&array); });
  return arrays;
}

/// Gives every layer a stretch of values and rates for itself: sums of several layers in the same values are added
/// layer by layer.
template <class T>
void separate_values(LayerWeights<GroupArray<T>>& weights) {
  std::int64_t count = 0;
  for (auto& layer : weights.layers) {
    layer.scale_start = count;
    layer.latent_start = count + layer.left.columns;
    count = layer.latent_start + layer.bias_map.columns;
  }
  weights.values.columns = weights.rates.columns = count;
}

/// target += the sums of `ranges` items from `source` on, `stride` apart.
template <class T>
void add_items(T* target, const T* source, std::int64_t elements, std::int64_t ranges, std::int64_t stride) {
  for (std::int64_t r = 0; r < ranges; ++r, source += stride)
    for (std::int64_t e = 0; e < elements; ++e) target[e] += source[e];
}

/// Sums of gradients kept apart until they can be added in a fixed order: those of arrays that the groups share, per
/// block of work items, and, when a group is split into several items, those of the groups' own arrays, per item.
template <class T>
class PartialSums {
 public:
  PartialSums(const LayerWeights<GroupArray<T>>& targets, std::int64_t blocks, const Division& division)
      : division_(division), targets_(targets) {
    const bool split = division.ranges > 1;
    auto like = targets;
    if (split) separate_values(like);
    std::int64_t own = 0;
    for (const auto* array : arrays_of(like)) (array->stride == 0 ? block_elements_ : own) += elements_of(*array);
    if (!split) own = 0;
    memory_ = scratch<T, kPartialSums>(block_elements_ * blocks + own * division.items());
    T* own_memory = memory_ + block_elements_ * blocks;
    std::fill_n(own_memory, own * division.items(), T(0));
    if (split)
      for (auto* array : arrays_of(like)) {
        if (array->stride == 0 || !array->data) continue;
        array->data = own_memory;
        array->stride = elements_of(*array);
        own_memory += array->stride * division.items();
      }
    blocks_.assign(static_cast<std::size_t>(blocks), like);
    for (std::int64_t b = 0; b < blocks; ++b) {
      T* at = memory_ + b * block_elements_;
      for (auto* array : arrays_of(blocks_[static_cast<std::size_t>(b)])) {
        if (array->stride != 0 || !array->data) continue;
        array->data = at;
        at += elements_of(*array);
      }
    }
  }

  /// The arrays that block b adds to, its own sums cleared.
  WeightView<T> open_block(std::int64_t b) {
    std::fill_n(memory_ + b * block_elements_, block_elements_, T(0));
    return view(blocks_[static_cast<std::size_t>(b)]);
  }

  /// Adds the blocks' sums of shared arrays to the targets.
  void reduce_blocks() {
    std::vector<std::pair<const GroupArray<T>*, std::int64_t>> shared;  // and where each begins in a block's sums
    std::int64_t at = 0;
    for (const auto* array : arrays_of(targets_))
      if (array->data && array->stride == 0) {
        shared.emplace_back(array, at);
        at += elements_of(*array);
      }
    parallel_for(static_cast<std::int64_t>(shared.size()), [&](std::int64_t i) {
      const auto [array, first] = shared[static_cast<std::size_t>(i)];
      add_items(array->data, memory_ + first, elements_of(*array), static_cast<std::int64_t>(blocks_.size()),
                block_elements_);
    });
  }

  /// Adds the items' sums of groups' own arrays to the targets, where groups are split.
  void reduce_items() {
    if (division_.ranges == 1) return;
    auto& source = blocks_.front();
    const auto to = arrays_of(targets_), from = arrays_of(source);
    parallel_for(division_.groups, [&](std::int64_t group) {
      const std::int64_t ranges = division_.ranges;
      for (std::size_t i = 0; i + 2 < to.size(); ++i)
        if (to[i]->data && to[i]->stride != 0)
          add_items(to[i]->data + group * to[i]->stride, from[i]->data + group * ranges * from[i]->stride,
                    elements_of(*to[i]), ranges, from[i]->stride);
      for (std::size_t l = 0; l < source.layers.size(); ++l)
        for (const bool rates : {false, true}) {
          const auto &target = rates ? targets_.rates : targets_.values, &sums = rates ? source.rates : source.values;
          if (!target.data) continue;
          const auto &there = targets_.layers[l], &here = source.layers[l];
          T* to_group = target.data + group * target.stride;
          const T* from_group = sums.data + group * ranges * sums.stride;
          add_items(to_group + there.scale_start, from_group + here.scale_start, here.left.columns, ranges,
                    sums.stride);
          add_items(to_group + there.latent_start, from_group + here.latent_start, here.bias_map.columns, ranges,
                    sums.stride);
        }
    });
  }

 private:
  Division division_;
  LayerWeights<GroupArray<T>> targets_;
  std::vector<LayerWeights<GroupArray<T>>> blocks_;
  std::int64_t block_elements_ = 0;
  T* memory_ = nullptr;
};

/// Sums of the items of each group.
std::vector<GroupSums> sums_of_groups(const std::vector<GroupSums>& items, const Division& division) {
  std::vector<GroupSums> sums(static_cast<std::size_t>(division.groups));
  for (std::size_t item = 0; item < items.size(); ++item) {
    auto& total = sums[item / static_cast<std::size_t>(division.ranges)];
    total.kinetic += items[item].kinetic;
    total.velocity += items[item].velocity;
    total.transport += items[item].transport;
    total.potential += items[item].potential;
    total.reaction += items[item].reaction;
  }
  return sums;
}

/// The item's part of what is given at all points. `at`: where its points begin.
template <class T>
void fill(WorkItem<T>& item, const PointArrays<T>& points, std::int64_t at, std::int64_t d) {
  item.x = points.x + at * d;
  item.gradient = points.gradient ? points.gradient + at * d : nullptr;
  item.velocity = points.velocity ? points.velocity + at * d : nullptr;
  item.probes = points.probes ? points.probes + at * d : nullptr;
  item.probe_count = points.probe_count;
  item.probe_stride = points.groups * points.count * d;
  if (at != item.group * points.count || points.gauge_count == 0)
    return;  // gauge points come with a group's first item
  item.gauge = points.gauge;
  item.gauge_count = points.gauge_count;
  item.gauge_scale = -static_cast<T>(points.count) / static_cast<T>(points.gauge_count);
}

}  // namespace

template <class T>
std::vector<GroupSums> parameter_gradient(const NetworkShape& shape, const LayerWeights<GroupArray<const T>>& weights,
                                          std::span<const GroupTerms> terms, const PointArrays<T>& points,
                                          const LayerWeights<GroupArray<T>>& gradients) {
  const bool laplacian = std::any_of(terms.begin(), terms.end(), [](const auto& term) { return term.laplacian != 0; });
  const SweepCall<T> call = prepared(shape, laplacian ? kLaplacian : kGradients, weights);
  const long elements = table<T>().workspace_elements(call);
  const Division division(points.groups, points.count);
  const std::int64_t items = division.items(), blocks = std::min(items, kMaxBlocks);
  PartialSums<T> partial(gradients, blocks, division);
  std::vector<GroupSums> item_sums(static_cast<std::size_t>(items));
  parallel_for(blocks, [&](std::int64_t block) {
    const WeightView<T> targets = partial.open_block(block);
    for (std::int64_t index = items * block / blocks; index < items * (block + 1) / blocks; ++index) {
      auto [item, at] = division.item<T>(index);
      fill(item, points, at, shape.dimension());
      item.terms = terms[static_cast<std::size_t>(item.group)];
      item.gradients = targets;
      item.slot = division.ranges > 1 ? index : item.group;
      item.memory = scratch<T, kWorkspace>(elements);
      item_sums[static_cast<std::size_t>(index)] = table<T>().parameter_gradient(call, item);
    }
  });
  partial.reduce_blocks();
  partial.reduce_items();
  return sums_of_groups(item_sums, division);
}

template <class T>
void multiply(std::int64_t rows, std::int64_t depth, std::int64_t columns, const T* a, const T* b, T* c) {
  if (rows % kProductRows != 0 || columns % kProductColumns != 0)
    throw UsageError("multiply: rows must be a multiple of " + std::to_string(kProductRows) + " and columns of " +
                     std::to_string(kProductColumns) + ", got " + std::to_string(rows) + " and " +
                     std::to_string(columns) + ".");
  table<T>().multiply(rows, depth, columns, a, b, c);
}

#define SCOREFIELD_INSTANTIATE(T)                                                                                      \
  template void potential_and_gradient<T>(const NetworkShape&, const LayerWeights<GroupArray<const T>>&,               \
                                          const PointArrays<T>&);                                                      \
  template std::vector<GroupSums> parameter_gradient<T>(const NetworkShape&, const LayerWeights<GroupArray<const T>>&, \
                                                        std::span<const GroupTerms>, const PointArrays<T>&,            \
                                                        const LayerWeights<GroupArray<T>>&);                           \
  template void multiply<T>(std::int64_t, std::int64_t, std::int64_t, const T*, const T*, T*);
SCOREFIELD_INSTANTIATE(float)
SCOREFIELD_INSTANTIATE(double)

}  // namespace scorefield::kernels
