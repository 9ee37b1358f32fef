#include "training/rollout/grid_density.hpp"

#include <torch/types.h>

#include <cmath>
#include <string>
#include <utility>

#include "core/error.hpp"

namespace scorefield::training {
namespace {

/// The problem that made the training data, as a density's origin.
std::unique_ptr<problems::Problem> problem_with_density(const ReducedModel& model, const std::vector<double>& mu) {
  auto problem = problems::problem_of(model.header);
  const std::vector<double> somewhere(model.header.coordinates.size());
  if (problem && problem->initial_density(somewhere, mu)) return problem;
  throw UsageError(
      "infer.density_nodes: the density that rollouts start from is known for the 1D1V plasmas of this program alone, "
      "whose problem the training data name.");
}

}  // namespace

GridDensity::GridDensity(const ReducedModel& model, const integrators::IntegrateOptions& integration,
                         data::DensityGrid grid)
    : model_(model),
      rollout_(model, integration, Carried::log_density),
      grid_(std::move(grid)),
      problem_(problem_with_density(model, model.header.mu.front())) {
  const auto points = grid_.points();
  const auto x = torch::tensor(points, torch::kFloat64).view({grid_.size(), -1}).to(rollout_.options());
  nodes_ = torch::cat({rollout_.normalised(x), torch::zeros({x.size(0), 1}, x.options())}, 1);
}

std::vector<float> GridDensity::at(const std::vector<double>& mu, double start, double t) const {
  const auto traced = t > start ? rollout_.traced_back(mu, nodes_, t, start) : nodes_;
  const std::int64_t d = model_.normalizer.dimension();
  const auto x = rollout_.physical(traced.narrow(1, 0, d)).to(torch::kCPU, torch::kFloat64).contiguous();
  // The logarithm has changed by int div from t back to the start: what is to be added here is its negative.
  const auto gained = traced.select(1, d).to(torch::kCPU, torch::kFloat64).contiguous();
  const auto first = problem_->initial_density({x.const_data_ptr<double>(), static_cast<std::size_t>(x.numel())}, mu);
  std::vector<float> values;
  values.reserve(first->size());
  for (std::size_t g = 0; g < first->size(); ++g)
    values.push_back(static_cast<float>((*first)[g] * std::exp(-gained.const_data_ptr<double>()[g])));
  return values;
}

}  // namespace scorefield::training
