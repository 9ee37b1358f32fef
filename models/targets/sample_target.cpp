#include "models/targets/sample_target.hpp"

#include <torch/utils.h>

#include "core/error.hpp"
#include "core/random_subset.hpp"
#include "models/targets/draws.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

[[noreturn]] void refuse_density(const std::string& name) {
  throw UsageError("target '" + name +
                   "' is a set of samples: it has no density and no score. Use a method of kernel "
                   "energies: ift, mmd-flow, noisy-mmd-flow or wfr.");
}

constexpr std::uint64_t kPointsSeed = 0x9015;  ///< which points of a large set are taken

}  // namespace

SampleTarget::SampleTarget(std::string name, Tensor samples, std::int64_t points)
    : name_(std::move(name)), samples_(std::move(samples)) {
  if (points > 0 && points < samples_.size(0))
    samples_ = samples_.index_select(0, torch::tensor(random_subset(samples_.size(0), points, kPointsSeed)));
  samples_ = samples_.contiguous();
}

Tensor SampleTarget::score(const Tensor&) const { refuse_density(name_); }
Tensor SampleTarget::log_density(const Tensor&) const { refuse_density(name_); }
Target::Evaluation SampleTarget::evaluate(const Tensor&) const { refuse_density(name_); }

Tensor SampleTarget::draw(std::int64_t n, std::uint64_t seed) const {
  const auto u = uniform_draws(n, 1, seed, 1).select(1, 0);
  return samples_.index_select(0, (u * static_cast<double>(samples_.size(0))).floor().to(torch::kInt64));
}

Truth SampleTarget::truth() const {
  Truth truth;
  truth.mean = samples_.mean(0);
  const auto centred = samples_ - truth.mean;
  truth.covariance = torch::mm(centred.t(), centred) / static_cast<double>(samples_.size(0));
  return truth;
}

}  // namespace scorefield::targets
