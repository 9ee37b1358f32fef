#include "solvers/sampling/diagnostics.hpp"

#include <torch/utils.h>

#include <cmath>

#include "core/random_subset.hpp"
#include "solvers/pairs/pair_sums.hpp"

namespace scorefield::sampling {
namespace {

using torch::Tensor;

/// Draws that stand for the target: M of them alone give an MMD of sqrt(N/(N + M)) floors, which 4000 beside 1000
/// particles make .45.
constexpr std::int64_t kReferenceDraws = 16000, kNeighbourDraws = 4000;
constexpr std::int64_t kFloorSets = 4, kMostSteinPoints = 2000;
constexpr std::int64_t kMostCompared = 4000;  ///< particles in what costs a pass over all pairs
constexpr std::int64_t kNeighbour = 5;
constexpr std::uint64_t kReferenceSeed = 0x5ca1ab1e;  ///< exact draws that no run shares its noise with

/// sum_ij wx_i wy_j k(x_i, y_j), by fused passes that store no pair.
double pair_mean(const pairs::RadialKernel& kernel, const Tensor& x, const Tensor& wx, const Tensor& y,
                 const Tensor& wy) {
  const pairs::Sources<double> sources(y.const_data_ptr<double>(), y.size(0), y.size(1), wy.const_data_ptr<double>());
  const auto value = torch::empty({x.size(0)}, torch::kFloat64);
  pairs::PairOutputs out;
  out.value = value.data_ptr<double>();
  pairs::PairPass<double>{kernel}(x.const_data_ptr<double>(), x.size(0), sources, out);
  return torch::dot(wx, value).item<double>();
}

Tensor even_weights(std::int64_t n) { return torch::full({n}, 1.0 / static_cast<double>(n), torch::kFloat64); }

/// `count` of n rows, drawn by the seed.
Tensor some_rows(std::int64_t n, std::int64_t count, std::uint64_t seed) {
  return torch::tensor(random_subset(n, count, seed));
}

/// Distance of every row of x to its k-th nearest row of y.
Tensor neighbour_distance(const Tensor& x, const Tensor& y, std::int64_t k) {
  constexpr std::int64_t kBlock = 500;
  std::vector<Tensor> parts;
  for (const auto& block : x.split(kBlock)) parts.push_back(std::get<0>(at::cdist(block, y).kthvalue(k, 1)));
  return torch::cat(parts);
}

/// KL(density of x | density of y) from neighbours; x among themselves have one more, the point itself.
double neighbour_divergence(const Tensor& x, const Tensor& y) {
  const auto own = neighbour_distance(x, x, kNeighbour + 1).clamp_min(1e-300),
             other = neighbour_distance(x, y, kNeighbour).clamp_min(1e-300);
  return static_cast<double>(x.size(1)) * (other.log() - own.log()).mean().item<double>() +
         std::log(static_cast<double>(y.size(0)) / static_cast<double>(x.size(0) - 1));
}

/// A weighted cloud [n, d].
struct Cloud {
  Tensor x, w;
};

/// Exact draws, and what every comparison with them needs again: their own pair mean under each kernel.
struct Reference {
  Cloud draws;
  pairs::RadialKernel gaussian, energy;  ///< exp(-r^2 / 2d), and -r, whose squared discrepancy is the energy distance
  double gaussian_own, energy_own;
};

Reference make_reference(const Cloud& draws) {
  const pairs::RadialKernel gaussian{pairs::Form::gaussian, {std::sqrt(static_cast<double>(draws.x.size(1)))}};
  const pairs::RadialKernel energy{pairs::Form::energy, {1e-4}};
  return {draws, gaussian, energy, pair_mean(gaussian, draws.x, draws.w, draws.x, draws.w),
          pair_mean(energy, draws.x, draws.w, draws.x, draws.w)};
}

/// Squared kernel discrepancy (V-statistic).
double discrepancy(const pairs::RadialKernel& kernel, const Cloud& cloud, const Cloud& draws, double draws_own) {
  return pair_mean(kernel, cloud.x, cloud.w, cloud.x, cloud.w) -
         2 * pair_mean(kernel, cloud.x, cloud.w, draws.x, draws.w) + draws_own;
}

/// MMD and energy distance.
std::pair<double, double> distances(const Cloud& cloud, const Reference& r) {
  return {std::sqrt(std::max(0.0, discrepancy(r.gaussian, cloud, r.draws, r.gaussian_own))),
          discrepancy(r.energy, cloud, r.draws, r.energy_own)};
}

/// Points that stand for the target: a sample set's own, as far as they are not too many; undefined where there are
/// none.
Tensor reference_points(const targets::Target& target) {
  const auto set = target.sample_set();
  if (set.defined() && set.size(0) <= kReferenceDraws) return set;
  return target.draw(kReferenceDraws, kReferenceSeed);
}

void compare_with_draws(Diagnostics& out, const targets::Target& target, const Tensor& samples, const Tensor& weights,
                        bool even) {
  const auto draws = reference_points(target);
  if (!draws.defined()) return;
  const auto centre = draws.mean(0), deviation = draws.std(0, false);
  const auto spread = torch::where(deviation > 0, deviation, torch::ones_like(deviation));  // a constant coordinate
  const auto unit = [&](const Tensor& x) { return ((x - centre) / spread).contiguous(); };
  const auto reference = make_reference({unit(draws), even_weights(draws.size(0))});
  const auto [mmd, energy] = distances({unit(samples), weights.contiguous()}, reference);
  double mmd_floor = 0, energy_floor = 0;
  for (std::int64_t k = 1; k <= kFloorSets; ++k) {
    const auto exact = target.draw(samples.size(0), kReferenceSeed + static_cast<std::uint64_t>(k));
    const auto [m, e] = distances({unit(exact), even_weights(samples.size(0))}, reference);
    mmd_floor += m / kFloorSets;
    energy_floor += e / kFloorSets;
  }
  out.insert(
      out.end(),
      {{"mmd", mmd}, {"mmd_floor", mmd_floor}, {"energy_distance", energy}, {"energy_distance_floor", energy_floor}});
  if (!even || std::min(samples.size(0), draws.size(0)) < 2 * kNeighbour) return;
  const auto others = reference.draws.x.narrow(0, 0, std::min(draws.size(0), kNeighbourDraws));
  out.emplace_back("kl_knn", neighbour_divergence(unit(samples), others));
  out.emplace_back("kl_knn_floor",
                   neighbour_divergence(unit(target.draw(samples.size(0), kReferenceSeed + 1)), others));
}

void compare_moments(Diagnostics& out, const targets::Truth& truth, const Tensor& samples, const Tensor& weights) {
  if (!truth.mean.defined() || !truth.covariance.defined()) return;
  const auto mean = torch::mv(samples.t(), weights);
  const auto z = samples - mean;
  const auto covariance = torch::mm(z.t() * weights, z);
  const auto [factor, info] = at::linalg_cholesky_ex(truth.covariance);
  if (info.item<int>() != 0) return;
  const auto half = at::linalg_solve_triangular(factor, covariance, false);
  const auto white = at::linalg_solve_triangular(factor, half.t().contiguous(), false);
  const auto shift = at::linalg_solve_triangular(factor, (mean - truth.mean).unsqueeze(1), false);
  const double root = std::sqrt(static_cast<double>(samples.size(1)));
  out.emplace_back("mean_error", shift.norm().item<double>() / root);
  out.emplace_back("covariance_error",
                   (white - torch::eye(samples.size(1), torch::kFloat64)).norm().item<double>() / root);
  const auto [own, own_info] = at::linalg_cholesky_ex(white);
  if (own_info.item<int>() == 0)
    out.emplace_back(
        "gaussian_kl",
        0.5 * (white.trace() + shift.square().sum() - static_cast<double>(samples.size(1))).item<double>() -
            own.diagonal().log().sum().item<double>());
}

void compare_modes(Diagnostics& out, const targets::Truth& truth, const Tensor& samples, const Tensor& weights) {
  if (!truth.modes.defined() || !truth.mode_weights.defined()) return;
  const auto nearest = at::cdist(samples, truth.modes).argmin(1);
  const auto share = torch::zeros_like(truth.mode_weights).index_add(0, nearest, weights);
  out.emplace_back("mode_weight_error", 0.5 * (share - truth.mode_weights).abs().sum().item<double>());
  out.emplace_back("modes_found", static_cast<double>((share > 0).sum().item<std::int64_t>()));
}

/// Inverse multiquadric (1 + r^2)^(-1/2) in coordinates of the cloud's spread (Gorham and Mackey 2017).
void stein_discrepancy(Diagnostics& out, const targets::Target& target, const Tensor& samples, std::uint64_t seed) {
  const auto n = samples.size(0);
  // Not the first ones: methods leave particles in the order of space.
  const auto x = n > kMostSteinPoints ? samples.index_select(0, some_rows(n, kMostSteinPoints, seed)) : samples;
  const auto spread = samples.std(0, false).clamp_min(1e-12);
  const auto z = (x / spread).contiguous(), s = target.score(x) * spread;
  const double d = static_cast<double>(x.size(1));
  const auto q = 1 + at::cdist(z, z).square();
  const auto k = q.rsqrt();
  const auto k3 = k / q, k5 = k3 / q;
  // s_i . (z_i - z_j) and (z_i - z_j) . s_j
  const auto own = (s * z).sum(1), cross = torch::mm(s, z.t());
  const auto a = own.unsqueeze(1) - cross, b = cross.t() - own.unsqueeze(0);
  const auto value = torch::mm(s, s.t()) * k + k3 * (a - b) + d * k3 - 3 * (q - 1) * k5;
  out.emplace_back("ksd", std::sqrt(std::max(0.0, value.mean().item<double>())));
}

}  // namespace

Diagnostics diagnose(const targets::Target& target, const Tensor& samples, const Tensor& weights, std::uint64_t seed) {
  const torch::NoGradGuard no_grad;
  Diagnostics out;
  const auto n = samples.size(0);
  const auto w = weights.defined() ? weights : even_weights(n);
  if (weights.defined()) out.emplace_back("weight_ess", 1 / w.square().sum().item<double>() / static_cast<double>(n));
  const auto truth = target.truth();
  compare_moments(out, truth, samples, w);
  compare_modes(out, truth, samples, w);
  auto some = samples, some_weights = w;
  if (n > kMostCompared) {
    const auto subset = some_rows(n, kMostCompared, seed);
    some = samples.index_select(0, subset);
    some_weights = w.index_select(0, subset);
    some_weights = some_weights / some_weights.sum();
    out.emplace_back("compared_particles", static_cast<double>(kMostCompared));
  }
  compare_with_draws(out, target, some, some_weights, !weights.defined());
  if (!target.sample_set().defined()) stein_discrepancy(out, target, samples, seed);
  return out;
}

}  // namespace scorefield::sampling
