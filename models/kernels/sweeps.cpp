#include "models/kernels/sweeps.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "models/kernels/sweep_table.hpp"

namespace scorefield::kernels {
namespace {

template <class T>
const SweepTable<T>& table() {
  if constexpr (std::is_same_v<T, float>) return kSweeps.chosen().f32;
  else return kSweeps.chosen().f64;
}

PlainShape plain(const NetworkShape& shape) {
  return {shape.dimension(), shape.features(), shape.width, shape.hidden_layers, shape.coordinates.data()};
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
Layout make_layout(std::span<const LayerArrays<const T>> layers, Order order) {
  Layout layout{};
  layout.order = order;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    layout.rank[l] = layers[l].rank;
    layout.latents[l] = layers[l].latents;
    layout.dense_rate[l] = layers[l].weight_rate != nullptr;
  }
  return layout;
}

/// Points of one work item, and the most blocks of items that keep sums of their own: fixed, so that sums do not depend
/// on the number of threads.
constexpr std::int64_t kPointsPerItem = 1536;
constexpr std::int64_t kMaxBlocks = 32;

}  // namespace

template <class T>
void potential_and_gradient(const NetworkShape& shape, std::span<const LayerArrays<const T>> layers,
                            std::int64_t groups, std::int64_t count, const T* x, T* potential, T* gradient) {
  const auto& sweeps = table<T>();
  const PlainShape plain_shape = plain(shape);
  const Layout layout = make_layout(layers, kValues);
  const long elements = sweeps.workspace_elements(plain_shape, layout);
  T* shared = scratch<T, kSharedWeights>(sweeps.shared_elements(plain_shape, layout));
  sweeps.prepare_shared(plain_shape, layout, layers.data(), shared);
  const std::int64_t d = shape.dimension();
  const std::int64_t ranges = (count + kPointsPerItem - 1) / kPointsPerItem;
  parallel_for(groups * ranges, [&](std::int64_t item) {
    const std::int64_t group = item / ranges, first = item % ranges * kPointsPerItem;
    const std::int64_t at = group * count + first;
    sweeps.potential_and_gradient(plain_shape, layout, shared, layers.data(), group, x + at * d,
                                  std::min(kPointsPerItem, count - first), potential ? potential + at : nullptr,
                                  gradient ? gradient + at * d : nullptr, scratch<T, kWorkspace>(elements));
  });
}

namespace {

/// One array of a layer and how groups find their part of it.
template <class T>
struct Piece {
  T** data;
  std::int64_t elements;
  std::int64_t* stride;  ///< null: always shared by the groups

  [[nodiscard]] bool present() const { return *data != nullptr && elements > 0; }
  [[nodiscard]] bool shared() const { return !stride || *stride == 0; }
};

template <class T>
std::array<Piece<T>, 11> pieces(LayerArrays<T>& a, std::int64_t in, std::int64_t out) {
  return {{{&a.weight, out * in, &a.weight_stride},
           {&a.bias, out, &a.bias_stride},
           {&a.left, out * a.rank, nullptr},
           {&a.right, a.rank * in, nullptr},
           {&a.bias_map, out * a.latents, nullptr},
           {&a.scale, a.rank, &a.scale_stride},
           {&a.scale_rate, a.rank, &a.scale_rate_stride},
           {&a.latent, a.latents, &a.latent_stride},
           {&a.latent_rate, a.latents, &a.latent_rate_stride},
           {&a.weight_rate, out * in, &a.weight_rate_stride},
           {&a.bias_rate, out, &a.bias_rate_stride}}};
}

template <class T>
using Gradients = std::vector<LayerArrays<T>>;

/// All arrays of all layers, in a fixed order.
template <class T>
std::vector<Piece<T>> all_pieces(const NetworkShape& shape, Gradients<T>& gradients) {
  std::vector<Piece<T>> all;
  for (std::int64_t l = 0; l < shape.layers(); ++l)
    for (const auto& piece : pieces(gradients[static_cast<std::size_t>(l)], shape.inputs(l), shape.outputs(l)))
      all.push_back(piece);
  return all;
}

/// Sums of gradients kept apart until they can be added in a fixed order: those of arrays that the groups share, per
/// block of work items, and, when a group is split into several items, those of the groups' own arrays, per item.
template <class T>
class PartialSums {
 public:
  PartialSums(const NetworkShape& shape, std::span<const LayerArrays<T>> targets, std::int64_t blocks,
              std::int64_t items, bool split_groups)
      : targets_(targets.begin(), targets.end()), blocks_(static_cast<std::size_t>(blocks), targets_) {
    std::int64_t shared = 0, own = 0;
    for (const auto& piece : all_pieces(shape, targets_)) {
      if (!piece.present()) continue;
      if (piece.shared()) shared += piece.elements;
      else if (split_groups) own += piece.elements;
    }
    block_elements_ = shared;
    memory_ = scratch<T, kPartialSums>(shared * blocks + own * items);
    T* const own_memory = memory_ + shared * blocks;
    if (split_groups) std::fill_n(own_memory, own * items, T(0));
    for (std::int64_t b = 0; b < blocks; ++b) {
      std::int64_t shared_at = 0, own_at = 0;
      for (auto& piece : all_pieces(shape, blocks_[static_cast<std::size_t>(b)])) {
        if (!piece.present()) continue;
        if (piece.shared()) {
          *piece.data = memory_ + b * shared + shared_at;
          shared_at += piece.elements;
        } else if (split_groups) {
          *piece.data = own_memory + own_at;
          *piece.stride = piece.elements;
          own_at += piece.elements * items;
        }
      }
    }
  }

  /// The arrays that block b adds to, its own sums cleared.
  const LayerArrays<T>* open_block(std::int64_t b) {
    std::fill_n(memory_ + b * block_elements_, block_elements_, T(0));
    return blocks_[static_cast<std::size_t>(b)].data();
  }

  /// Adds the blocks' sums of shared arrays to the targets.
  void reduce_blocks(const NetworkShape& shape) {
    std::vector<Piece<T>> shared;
    for (const auto& piece : all_pieces(shape, targets_))
      if (piece.present() && piece.shared()) shared.push_back(piece);
    std::vector<std::int64_t> first;
    std::int64_t at = 0;
    for (const auto& piece : shared) {
      first.push_back(at);
      at += piece.elements;
    }
    parallel_for(static_cast<std::int64_t>(shared.size()), [&](std::int64_t i) {
      const auto& piece = shared[static_cast<std::size_t>(i)];
      const T* source = memory_ + first[static_cast<std::size_t>(i)];
      for (std::size_t b = 0; b < blocks_.size(); ++b, source += block_elements_)
        for (std::int64_t e = 0; e < piece.elements; ++e) (*piece.data)[e] += source[e];
    });
  }

  /// Adds the items' sums of groups' own arrays to the targets.
  void reduce_items(const NetworkShape& shape, std::int64_t groups, std::int64_t ranges) {
    const auto to = all_pieces(shape, targets_), from = all_pieces(shape, blocks_.front());
    parallel_for(groups, [&](std::int64_t group) {
      for (std::size_t i = 0; i < to.size(); ++i) {
        if (!to[i].present() || to[i].shared()) continue;
        T* target = *to[i].data + group * *to[i].stride;
        const T* source = *from[i].data + group * ranges * to[i].elements;
        for (std::int64_t r = 0; r < ranges; ++r, source += to[i].elements)
          for (std::int64_t e = 0; e < to[i].elements; ++e) target[e] += source[e];
      }
    });
  }

 private:
  Gradients<T> targets_;
  std::vector<Gradients<T>> blocks_;
  std::int64_t block_elements_ = 0;
  T* memory_ = nullptr;
};

}  // namespace

template <class T>
std::vector<GroupSums> parameter_gradient(const NetworkShape& shape, std::span<const LayerArrays<const T>> layers,
                                          std::span<const GroupTerms> terms, std::int64_t count,
                                          const PointArrays<T>& points, std::span<const LayerArrays<T>> gradients) {
  const auto& sweeps = table<T>();
  const PlainShape plain_shape = plain(shape);
  const bool laplacian = std::any_of(terms.begin(), terms.end(), [](const auto& term) { return term.laplacian != 0; });
  const Layout layout = make_layout(layers, laplacian ? kLaplacian : kGradients);
  const long elements = sweeps.workspace_elements(plain_shape, layout);
  T* shared = scratch<T, kSharedWeights>(sweeps.shared_elements(plain_shape, layout));
  sweeps.prepare_shared(plain_shape, layout, layers.data(), shared);

  const auto groups = static_cast<std::int64_t>(terms.size());
  const std::int64_t d = shape.dimension();
  const std::int64_t ranges = std::max<std::int64_t>(1, (count + kPointsPerItem - 1) / kPointsPerItem);
  const std::int64_t items = groups * ranges, blocks = std::min(items, kMaxBlocks);
  PartialSums<T> partial(shape, gradients, blocks, items, ranges > 1);
  std::vector<GroupSums> item_sums(static_cast<std::size_t>(items));
  const T gauge_scale = points.gauge_count > 0 ? -static_cast<T>(count) / static_cast<T>(points.gauge_count) : T(0);
  parallel_for(blocks, [&](std::int64_t block) {
    const LayerArrays<T>* targets = partial.open_block(block);
    for (std::int64_t item = items * block / blocks; item < items * (block + 1) / blocks; ++item) {
      const std::int64_t group = item / ranges, first = item % ranges * kPointsPerItem;
      const std::int64_t at = (group * count + first) * d;
      item_sums[static_cast<std::size_t>(item)] = sweeps.parameter_gradient(
          plain_shape, layout, shared, layers.data(), group, terms[static_cast<std::size_t>(group)], points.x + at,
          points.velocity ? points.velocity + at : nullptr, points.probes ? points.probes + at : nullptr,
          points.probe_count, groups * count * d, std::min(kPointsPerItem, count - first), points.gauge,
          first == 0 ? points.gauge_count : 0, gauge_scale, points.gradient ? points.gradient + at : nullptr, targets,
          ranges > 1 ? item : group, scratch<T, kWorkspace>(elements));
    }
  });
  partial.reduce_blocks(shape);
  if (ranges > 1) partial.reduce_items(shape, groups, ranges);

  std::vector<GroupSums> sums(static_cast<std::size_t>(groups));
  for (std::size_t item = 0; item < item_sums.size(); ++item) {
    auto& total = sums[item / static_cast<std::size_t>(ranges)];
    total.kinetic += item_sums[item].kinetic;
    total.velocity += item_sums[item].velocity;
    total.transport += item_sums[item].transport;
    total.potential += item_sums[item].potential;
  }
  return sums;
}

template <class T>
void multiply(std::int64_t rows, std::int64_t depth, std::int64_t columns, const T* a, const T* b, T* c) {
  if (rows % kProductRows != 0 || columns % kProductColumns != 0)
    throw UsageError("multiply: rows must be a multiple of " + std::to_string(kProductRows) + " and columns of " +
                     std::to_string(kProductColumns) + ", got " + std::to_string(rows) + " and " +
                     std::to_string(columns) + ".");
  table<T>().multiply(rows, depth, columns, a, b, c);
}

#define SCOREFIELD_INSTANTIATE(T)                                                                                   \
  template void potential_and_gradient<T>(const NetworkShape&, std::span<const LayerArrays<const T>>, std::int64_t, \
                                          std::int64_t, const T*, T*, T*);                                          \
  template std::vector<GroupSums> parameter_gradient<T>(const NetworkShape&, std::span<const LayerArrays<const T>>, \
                                                        std::span<const GroupTerms>, std::int64_t,                  \
                                                        const PointArrays<T>&, std::span<const LayerArrays<T>>);    \
  template void multiply<T>(std::int64_t, std::int64_t, std::int64_t, const T*, const T*, T*);
SCOREFIELD_INSTANTIATE(float)
SCOREFIELD_INSTANTIATE(double)

}  // namespace scorefield::kernels
