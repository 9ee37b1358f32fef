#include "solvers/sampling/verdict.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <cstdio>

#include "core/random_subset.hpp"
#include "solvers/gas/acceptance.hpp"
#include "solvers/gas/target.hpp"
#include "solvers/sampling/replicas.hpp"

namespace scorefield::sampling {
namespace {

using torch::Tensor;

constexpr std::int64_t kMostCompared = 1000;

/// As many particles of equal weight.
Tensor evened(const Tensor& samples, const Tensor& weights, std::uint64_t seed) {
  if (!weights.defined()) return samples;
  const auto w = weights.to(torch::kFloat32).contiguous();
  const std::vector<float> values(w.const_data_ptr<float>(), w.const_data_ptr<float>() + w.numel());
  return samples.index_select(0, torch::tensor(draw_by_weight(values, samples.size(0), seed)));
}

/// A cloud beside the samples that it should stand for: the energy distance in units of their deviation.
Check compare_with_set(const Tensor& cloud, const Tensor& points, std::uint64_t seed) {
  const auto some = [&](const Tensor& x) {
    return x.index_select(0, torch::tensor(random_subset(x.size(0), std::min(x.size(0), kMostCompared), seed)));
  };
  const auto deviation = points.std(0, false);
  const auto unit = torch::where(deviation > 0, deviation, torch::ones_like(deviation));
  const auto far = gas::energy_distance(gas::columns(some(cloud) / unit), gas::columns(some(points) / unit));
  return {"set_distance", far.value, 2 * far.floor,
          "the cloud is farther from the samples than as many of them are from each other (energy distance). Raise "
          "--steps."};
}

}  // namespace

std::vector<Check> judge(const Finished& finished, const std::shared_ptr<CountedTarget>& target) {
  const torch::NoGradGuard no_grad;
  const auto cloud = evened(finished.samples, finished.weights, finished.seed);
  if (const auto points = target->sample_set(); points.defined())
    return {compare_with_set(cloud, points, finished.seed)};
  Subject subject;
  subject.evaluate = gas::make_evaluator(target);
  subject.cloud.x = gas::columns(cloud);
  subject.evaluate(subject.cloud, true);
  subject.initial = gas::columns(finished.initial);
  if (finished.weights.defined()) {
    const auto w = gas::columns(finished.weights.unsqueeze(1));
    subject.weights = w.row(0).transpose();
    subject.initial.resize(0, 0);  // rows are others now
  }
  subject.at_rest = finished.sampler.at_rest();
  if (finished.replicas > 1) subject.replica = replica_of_particles(cloud.size(0), finished.replicas);
  subject.seed = finished.seed;
  return check_cloud(std::move(subject));
}

std::string distrust(const std::vector<Check>& checks) {
  std::string names, why;
  for (const auto& check : checks) {
    if (check.passed()) continue;
    char text[96];
    std::snprintf(text, sizeof text, "%s %.3g, floor %.3g", check.name.c_str(), check.value, check.floor);
    names += (names.empty() ? "" : "; ") + std::string(text);
    if (why.empty()) why = check.failure;
  }
  return names.empty() ? names : "DO NOT TRUST THIS CLOUD (" + names + "): " + why;
}

}  // namespace scorefield::sampling
