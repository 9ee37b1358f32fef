#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/options.hpp"
#include "models/targets/target.hpp"
#include "solvers/sampling/sampler.hpp"

namespace scorefield::sampling {

/// What every sampler is built from.
struct Setup {
  std::shared_ptr<const targets::Target> target;  ///< counts its evaluations; shared by all calls of the run
  torch::Tensor initial;                          ///< [N, d] float64 on the CPU
  std::uint64_t seed = 0;
  std::int64_t steps = 0;              ///< iterations that the run will make at most: what schedules are laid out over
  torch::Device device = torch::kCPU;  ///< of the sums over all pairs; the target keeps to its own
};

/// A particle method by its name: its options, and how to start it.
struct Method {
  std::string name;
  std::string summary;
  std::int64_t default_steps = 200;
  std::function<void(OptionSet&)> bind;
  /// @throws UsageError when the target or the options do not suit the method
  std::function<std::unique_ptr<Sampler>(const Setup&)> make;
};

/// A method with options of its own, which come with bind(OptionSet&, Options&); make(setup, options) starts it.
template <class Options, class Make>
[[nodiscard]] Method make_method(std::string name, std::string summary, std::int64_t default_steps, Make make) {
  auto options = std::make_shared<Options>();
  return {std::move(name), std::move(summary), default_steps, [options](OptionSet& set) { bind(set, *options); },
          [options, make](const Setup& setup) { return make(setup, *options); }};
}

/// The same where the method is a class S, built as S(setup, options).
template <class S, class Options>
[[nodiscard]] Method make_method(std::string name, std::string summary, std::int64_t default_steps) {
  return make_method<Options>(
      std::move(name), std::move(summary), default_steps,
      [](const Setup& setup, const Options& options) { return std::make_unique<S>(setup, options); });
}

}  // namespace scorefield::sampling
