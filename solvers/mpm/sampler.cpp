#include "solvers/mpm/sampler.hpp"

#include <torch/utils.h>

#include "core/error.hpp"
#include "solvers/gas/affine_sampler.hpp"
#include "solvers/mpm/device_passage.hpp"

namespace scorefield::mpm {

void bind(OptionSet& set, MpmMethodOptions& options) {
  bind(set, options.grid);
  gas::bind(set, options.affine);
}

MpmSampler::MpmSampler(const sampling::Setup& setup, const MpmOptions& options) : target_(setup.target) {
  if (!target_->has_log_density() && options.teleport_every > 0)
    notes_.emplace_back(
        "no birth and death: it compares densities, and this target has only a score. The particles keep the "
        "mode whose basin they fell into, so mode weights are not identified.");
  const auto x = setup.initial.to(torch::kFloat64).contiguous();
  motion_ = make_motion(static_cast<int>(x.size(1)), {x.const_data_ptr<double>(), static_cast<std::size_t>(x.numel())},
                        options, setup.seed, setup.steps, passages_on(setup.device));
}

void MpmSampler::step() {
  const auto both = target_->evaluate(particles());
  const auto score = both.score.contiguous();
  const std::span<const double> s(score.const_data_ptr<double>(), static_cast<std::size_t>(score.numel()));
  if (!both.log_density.defined()) return motion_->step(s, {});
  const auto log_p = both.log_density.contiguous();
  motion_->step(s, {log_p.const_data_ptr<double>(), static_cast<std::size_t>(log_p.numel())});
}

torch::Tensor MpmSampler::particles() const {
  const auto& x = motion_->positions();
  const auto d = target_->dimension();
  return torch::from_blob(const_cast<double*>(x.data()), {static_cast<std::int64_t>(x.size()) / d, d}, torch::kFloat64)
      .clone();
}

std::vector<std::string> MpmSampler::notes() const {
  auto notes = notes_;
  for (auto& note : motion_->notes()) notes.push_back(std::move(note));
  return notes;
}

namespace {

std::unique_ptr<sampling::Sampler> make_sampler(const sampling::Setup& setup, const MpmMethodOptions& options) {
  const auto d = setup.initial.size(1);
  if (d <= 3) return std::make_unique<MpmSampler>(setup, options.grid);
  if (options.grid.body != Body::gas)
    throw UsageError("mpm.body: a grid needs 3^d nodes per particle and d is " + std::to_string(d) +
                     "; above d = 3 there is the gas only.");
  return std::make_unique<gas::AffineSampler>(setup, options.affine);
}

}  // namespace

std::vector<sampling::Method> methods() {
  return {sampling::make_method<MpmMethodOptions>(
      "mpm", "material point method: a gas whose pressure balances the score; affine gas above d = 3", 200,
      make_sampler)};
}

}  // namespace scorefield::mpm
