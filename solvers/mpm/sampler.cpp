#include "solvers/mpm/sampler.hpp"

#include <torch/utils.h>

#include "core/error.hpp"
#include "solvers/gas/samplers.hpp"
#include "solvers/mpm/device_transfer.hpp"

namespace scorefield::mpm {

void bind(OptionSet& set, MpmMethodOptions& options) {
  bind(set, options.grid);
  gas::bind(set, options.affine);
}

MpmSampler::MpmSampler(const sampling::Setup& setup, const MpmMethodOptions& options) : target_(setup.target) {
  const auto d = setup.initial.size(1);
  if (d > 3) {
    if (options.grid.body != Body::gas)
      throw UsageError("mpm.body: a grid needs 3^d nodes per particle and d is " + std::to_string(d) +
                       "; above d = 3 there is the gas only.");
    affine_ = std::make_unique<gas::AffineSampler>(setup, options.affine);
    return;
  }
  if (!target_->has_log_density() && options.grid.teleport_every > 0)
    notes_.emplace_back(
        "no birth and death: it compares densities, and this target has only a score. The particles keep the "
        "mode whose basin they fell into, so mode weights are not identified.");
  const auto x = setup.initial.to(torch::kFloat64).contiguous();
  motion_ = make_motion(static_cast<int>(d), {x.const_data_ptr<double>(), static_cast<std::size_t>(x.numel())},
                        options.grid, setup.seed, setup.steps, grid_steps_on(setup.device));
}

void MpmSampler::step() {
  if (affine_) return affine_->step();
  const auto both = target_->evaluate(particles());
  const auto score = both.score.contiguous();
  const std::span<const double> s(score.const_data_ptr<double>(), static_cast<std::size_t>(score.numel()));
  if (!both.log_density.defined()) return motion_->step(s, {});
  const auto log_p = both.log_density.contiguous();
  motion_->step(s, {log_p.const_data_ptr<double>(), static_cast<std::size_t>(log_p.numel())});
}

torch::Tensor MpmSampler::particles() const {
  if (affine_) return affine_->particles();
  const auto& x = motion_->positions();
  const auto d = target_->dimension();
  return torch::from_blob(const_cast<double*>(x.data()), {static_cast<std::int64_t>(x.size()) / d, d}, torch::kFloat64)
      .clone();
}

std::vector<std::pair<std::string, double>> MpmSampler::trace() const {
  return affine_ ? affine_->trace() : motion_->trace();
}
bool MpmSampler::converged() const { return affine_ ? affine_->converged() : motion_->converged(); }

std::vector<std::string> MpmSampler::notes() const {
  auto notes = notes_;
  const auto more = affine_ ? affine_->notes() : motion_->notes();
  notes.insert(notes.end(), more.begin(), more.end());
  return notes;
}

std::map<std::string, torch::Tensor> MpmSampler::state() const {
  if (affine_) return affine_->state();
  return {{"motion", torch::tensor(motion_->save(), torch::kFloat64)}};
}

void MpmSampler::restore(const std::map<std::string, torch::Tensor>& state) {
  if (affine_) return affine_->restore(state);
  const auto values = state.at("motion").contiguous();
  motion_->load({values.const_data_ptr<double>(), static_cast<std::size_t>(values.numel())});
}

}  // namespace scorefield::mpm
