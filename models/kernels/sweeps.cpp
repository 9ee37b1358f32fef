#include "models/kernels/sweeps.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "models/kernels/sweep_table.hpp"

namespace scorefield::kernels {
namespace {

struct Tables {
  std::string name;
  SweepTable<float> f32;
  SweepTable<double> f64;
};

std::vector<Tables> make_available() {
  std::vector<Tables> tables;
#ifdef SCOREFIELD_X86_KERNELS
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    tables.push_back({"x86-64-v4", sweeps_f32_x86_64_v4(), sweeps_f64_x86_64_v4()});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
    tables.push_back({"x86-64-v3", sweeps_f32_x86_64_v3(), sweeps_f64_x86_64_v3()});
#endif
  tables.push_back({"portable", sweeps_f32_portable(), sweeps_f64_portable()});
  return tables;
}

const std::vector<Tables>& available() {
  static const std::vector<Tables> tables = make_available();
  return tables;
}

const Tables& find_tables(const std::string& name) {
  for (const auto& tables : available())
    if (tables.name == name) return tables;
  throw UsageError("SCOREFIELD_ISA: " +
                   unknown_name_message("instruction set of this processor", name, available_instruction_sets()));
}

const Tables*& selected() {
  static const Tables* tables = [] {
    const char* forced = std::getenv("SCOREFIELD_ISA");
    return forced && *forced ? &find_tables(forced) : &available().front();
  }();
  return tables;
}

template <class T>
const SweepTable<T>& table() {
  if constexpr (std::is_same_v<T, float>) return selected()->f32;
  else return selected()->f64;
}

PlainShape plain(const NetworkShape& shape) {
  return {shape.dimension(), shape.features(), shape.width, shape.hidden_layers, shape.coordinates.data()};
}

/// Scratch memory of one thread, grown once and reused by every call.
template <class T>
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

/// Points of one work item: fixed, so that sums do not depend on the number of threads.
constexpr std::int64_t kPointsPerItem = 1536;

}  // namespace

const std::string& instruction_set() { return selected()->name; }

std::vector<std::string> available_instruction_sets() {
  std::vector<std::string> names;
  for (const auto& tables : available()) names.push_back(tables.name);
  return names;
}

void select_instruction_set(const std::string& name) { selected() = &find_tables(name); }

template <class T>
void potential_and_gradient(const NetworkShape& shape, std::span<const LayerArrays<const T>> layers,
                            std::int64_t groups, std::int64_t count, const T* x, T* potential, T* gradient) {
  const auto& sweeps = table<T>();
  const long elements = sweeps.workspace_elements(plain(shape), nullptr, false);
  const std::int64_t d = shape.dimension();
  const std::int64_t ranges = (count + kPointsPerItem - 1) / kPointsPerItem;
  parallel_for(groups * ranges, [&](std::int64_t item) {
    const std::int64_t group = item / ranges, first = item % ranges * kPointsPerItem;
    const std::int64_t at = group * count + first;
    sweeps.potential_and_gradient(plain(shape), layers.data(), group, x + at * d, std::min(kPointsPerItem, count - first),
                                  potential ? potential + at : nullptr, gradient ? gradient + at * d : nullptr,
                                  scratch<T>(elements));
  });
}

namespace {

/// Partial gradients of the ranges of all groups, in the layout of the caller's arrays with one entry per item.
template <class T>
class PartialGradients {
 public:
  PartialGradients(const NetworkShape& shape, std::span<const LayerArrays<T>> targets, std::int64_t items) {
    for (std::int64_t l = 0; l < shape.layers(); ++l) {
      const auto in = shape.inputs(l), out = shape.outputs(l), rank = targets[l].rate_rank;
      LayerArrays<T> partial = targets[l];
      add(partial.weight, partial.weight_stride, in * out, items);
      add(partial.bias, partial.bias_stride, out, items);
      add(partial.rate_left, partial.rate_left_stride, out * rank, items);
      add(partial.rate_right, partial.rate_right_stride, rank * in, items);
      add(partial.bias_rate, partial.bias_rate_stride, out, items);
      arrays.push_back(partial);
    }
  }

  /// targets[group] = sum of its `ranges` partial gradients, in order.
  void reduce(std::span<const LayerArrays<T>> targets, std::int64_t group, std::int64_t ranges) const {
    for (std::size_t l = 0; l < arrays.size(); ++l) {
      const auto& from = arrays[l];
      const auto& to = targets[l];
      sum(from.weight, from.weight_stride, to.weight, to.weight_stride, group, ranges);
      sum(from.bias, from.bias_stride, to.bias, to.bias_stride, group, ranges);
      sum(from.rate_left, from.rate_left_stride, to.rate_left, to.rate_left_stride, group, ranges);
      sum(from.rate_right, from.rate_right_stride, to.rate_right, to.rate_right_stride, group, ranges);
      sum(from.bias_rate, from.bias_rate_stride, to.bias_rate, to.bias_rate_stride, group, ranges);
    }
  }

  std::vector<LayerArrays<T>> arrays;

 private:
  void add(T*& pointer, std::int64_t& stride, std::int64_t elements, std::int64_t items) {
    if (!pointer) return;
    storage_.push_back(std::make_unique<T[]>(static_cast<std::size_t>(elements * items)));
    pointer = storage_.back().get();
    stride = elements;
  }
  static void sum(const T* from, std::int64_t elements, T* to, std::int64_t stride, std::int64_t group,
                  std::int64_t ranges) {
    if (!to) return;
    to += group * stride;
    from += group * ranges * elements;
    std::copy_n(from, elements, to);
    for (std::int64_t r = 1; r < ranges; ++r)
      for (std::int64_t i = 0; i < elements; ++i) to[i] += from[r * elements + i];
  }

  std::vector<std::unique_ptr<T[]>> storage_;
};

}  // namespace

template <class T>
std::vector<GroupSums> parameter_gradient(const NetworkShape& shape, std::span<const LayerArrays<const T>> layers,
                                          std::span<const GroupTerms> terms, std::int64_t count, const T* x,
                                          const T* velocity, std::span<const LayerArrays<T>> gradients) {
  const auto& sweeps = table<T>();
  std::vector<long> rank;
  for (const auto& layer : layers) rank.push_back(layer.rate_rank);
  const long elements = sweeps.workspace_elements(plain(shape), rank.data(), true);
  const auto groups = static_cast<std::int64_t>(terms.size());
  const std::int64_t d = shape.dimension();
  const std::int64_t ranges = std::max<std::int64_t>(1, (count + kPointsPerItem - 1) / kPointsPerItem);

  // A group of one range writes its gradient in place; larger groups go through partial sums.
  std::unique_ptr<PartialGradients<T>> partial;
  if (ranges > 1) partial = std::make_unique<PartialGradients<T>>(shape, gradients, groups * ranges);
  const LayerArrays<T>* targets = partial ? partial->arrays.data() : gradients.data();

  std::vector<GroupSums> item_sums(static_cast<std::size_t>(groups * ranges));
  parallel_for(groups * ranges, [&](std::int64_t item) {
    const std::int64_t group = item / ranges, first = item % ranges * kPointsPerItem;
    const std::int64_t at = (group * count + first) * d;
    item_sums[static_cast<std::size_t>(item)] = sweeps.parameter_gradient(
        plain(shape), layers.data(), group, terms[static_cast<std::size_t>(group)], x + at, velocity ? velocity + at : nullptr,
        std::min(kPointsPerItem, count - first), targets, item, scratch<T>(elements));
  });
  if (partial)
    parallel_for(groups, [&](std::int64_t group) { partial->reduce(gradients, group, ranges); });

  std::vector<GroupSums> sums(static_cast<std::size_t>(groups));
  for (std::size_t item = 0; item < item_sums.size(); ++item) {
    auto& total = sums[item / static_cast<std::size_t>(ranges)];
    total.kinetic += item_sums[item].kinetic;
    total.velocity += item_sums[item].velocity;
    total.time += item_sums[item].time;
    total.potential += item_sums[item].potential;
  }
  return sums;
}

#define SCOREFIELD_INSTANTIATE(T)                                                                                      \
  template void potential_and_gradient<T>(const NetworkShape&, std::span<const LayerArrays<const T>>, std::int64_t,    \
                                          std::int64_t, const T*, T*, T*);                                             \
  template std::vector<GroupSums> parameter_gradient<T>(const NetworkShape&, std::span<const LayerArrays<const T>>,    \
                                                        std::span<const GroupTerms>, std::int64_t, const T*, const T*, \
                                                        std::span<const LayerArrays<T>>);
SCOREFIELD_INSTANTIATE(float)
SCOREFIELD_INSTANTIATE(double)

}  // namespace scorefield::kernels
