#include "training/rollout/guide.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <cmath>
#include <memory>
#include <numbers>
#include <optional>

#include "core/error.hpp"
#include "data/mu_weights.hpp"
#include "training/model_file.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

/// Of the largest eigenvalue of a covariance: below it a direction has no spread.
constexpr double kFlat = 1e-12;
/// Of the mean of a Gram matrix's diagonal: keeps its solve defined where a few points are the population.
constexpr double kRidge = 1e-10;
/// How far the shortest wave may move in one step, root mean square, in radians.
constexpr double kFarthest = 0.5;

Tensor doubles(const std::vector<double>& values, const Tensor& like) {
  return torch::tensor(values, torch::kFloat64).to(like.device());
}

Tensor indices(const std::vector<std::int64_t>& values, const Tensor& like) {
  return torch::tensor(values, torch::kInt64).to(like.device());
}

/// Square root of a symmetric, positive semidefinite matrix, and the inverse of it where there is spread.
struct Root {
  Tensor root, inverse;
};
Root root_of(const Tensor& matrix) {
  const auto [values, vectors] = torch::linalg_eigh(matrix);
  const Tensor least = kFlat * values.max().clamp_min(0);
  const Tensor root = values.clamp_min(0).sqrt();
  const Tensor inverse = torch::where(values > least, 1 / root, torch::zeros_like(root));
  const auto with = [&](const Tensor& diagonal) { return vectors.matmul(diagonal.unsqueeze(1) * vectors.t()); };
  return {with(root), with(inverse)};
}

/// [f, f] of its lower triangle by rows.
Tensor symmetric(const Tensor& lower, std::int64_t f) {
  const auto rows = torch::tril_indices(f, f, 0, torch::TensorOptions(torch::kInt64).device(lower.device()));
  Tensor matrix = torch::zeros({f, f}, lower.options());
  matrix.index_put_({rows[0], rows[1]}, lower);
  matrix.index_put_({rows[1], rows[0]}, lower);
  return matrix;
}

/// Observables of a run at the times of the first one, [K * numbers].
std::vector<double> course_of(const ObservableCourses& courses, GuideKind kind, std::size_t m) {
  std::vector<double> course;
  for (const double t : courses.time.front()) {
    const auto found = courses.at({{static_cast<std::int64_t>(m), 1.0}}, t);
    const auto& numbers = kind == GuideKind::modes ? found.modes : found.moments;
    course.insert(course.end(), numbers.begin(), numbers.end());
  }
  return course;
}

/// Divides every number by its deviation over all runs and times: moments of unlike coordinates are unlike.
void standardise(std::vector<std::vector<double>>& courses, std::size_t times) {
  const std::size_t numbers = courses.front().size() / times;
  const auto rows = static_cast<double>(courses.size() * times);
  for (std::size_t j = 0; j < numbers; ++j) {
    double sum = 0, squares = 0;
    for (const auto& course : courses)
      for (std::size_t i = j; i < course.size(); i += numbers) {
        sum += course[i];
        squares += course[i] * course[i];
      }
    const double variance = squares / rows - sum * sum / (rows * rows);
    const double scale = variance > kFlat * squares / rows ? 1 / std::sqrt(variance) : 0;
    for (auto& course : courses)
      for (std::size_t i = j; i < course.size(); i += numbers) course[i] *= scale;
  }
}

}  // namespace

Guide::Guide(GuideKind kind, const models::Normalizer& normalizer)
    : kind_(kind), normalizer_(normalizer), space_(observable_space(normalizer.periods)) {}

Tensor Guide::moved(const Tensor& x, const Tensor& shares, const Observables& target) const {
  switch (kind_) {
    case GuideKind::moments:
      return to_moments(x, shares, target.moments);
    case GuideKind::modes:
      return to_modes(x, shares, target.modes);
    default:
      return x;
  }
}

Tensor Guide::to_moments(const Tensor& x, const Tensor& shares, const std::vector<double>& target) const {
  const auto f = static_cast<std::int64_t>(space_.free.size());
  const Tensor columns = indices(space_.free, x), all = doubles(target, x);
  const Tensor center = doubles(normalizer_.center, x).index_select(0, columns);
  const Tensor scale = doubles(normalizer_.scale, x).index_select(0, columns);
  const Tensor points = x.index_select(1, columns).to(torch::kFloat64);
  const Tensor mean = (shares * points).sum(0), around = points - mean;
  const Tensor wanted_mean = (all.narrow(0, 0, f) - center) / scale;
  Tensor moved;
  if (space_.covariance) {
    const Tensor covariance = around.t().matmul(shares * around);
    const Tensor wanted = symmetric(all.narrow(0, f, all.size(0) - f), f) / (scale.unsqueeze(1) * scale);
    const auto [root, inverse] = root_of(covariance);
    moved = around.matmul(inverse.matmul(root_of(root.matmul(wanted).matmul(root)).root).matmul(inverse));
  } else {
    const Tensor deviation = (shares * around.square()).sum(0).sqrt();
    const Tensor wanted = all.narrow(0, f, f).clamp_min(0).sqrt() / scale;
    moved = around * torch::where(deviation > 0, wanted / deviation, torch::ones_like(deviation));
  }
  return x.index_copy(1, columns, (wanted_mean + moved).to(x.scalar_type()));
}

Tensor Guide::to_modes(const Tensor& x, const Tensor& shares, const std::vector<double>& target) const {
  const Tensor all = doubles(target, x).view({-1, kObservedModes, 2});
  const Tensor numbers = torch::arange(1, kObservedModes + 1, all.options());
  Tensor moved = x.clone();
  for (std::size_t p = 0; p < space_.periodic.size(); ++p) {
    const auto c = static_cast<std::size_t>(space_.periodic[p]);
    const double per_length = 2 * std::numbers::pi / normalizer_.periods[c];
    const double per_unit = per_length * normalizer_.scale[c];
    const Tensor angle =
        per_unit * x.select(1, space_.periodic[p]).to(torch::kFloat64) + per_length * normalizer_.center[c];
    const Tensor angles = angle.unsqueeze(1) * numbers;
    const Tensor cosines = angles.cos(), sines = angles.sin();
    const Tensor waves = torch::cat({cosines, sines}, 1);
    const Tensor slopes = per_unit * torch::cat({-numbers * sines, numbers * cosines}, 1);
    const Tensor wanted =
        torch::cat({all[static_cast<std::int64_t>(p)].select(1, 0), all[static_cast<std::int64_t>(p)].select(1, 1)});
    const Tensor lacking = wanted - (shares * waves).sum(0);
    Tensor gram = slopes.t().matmul(shares * slopes);
    gram += kRidge * gram.diagonal().mean() * torch::eye(gram.size(0), gram.options());
    Tensor delta = slopes.matmul(torch::linalg_solve(gram, lacking));
    const Tensor turn = kObservedModes * per_unit * (shares.squeeze(1) * delta.square()).sum().sqrt();
    delta = delta * (kFarthest / turn.clamp_min(kFarthest));
    moved.select(1, space_.periodic[p]).add_(delta.to(x.scalar_type()));
  }
  return moved;
}

MuRule guide_rule(const ReducedModel& model, GuideKind kind) {
  const auto& mu = model.header.mu;
  if (mu.front().size() == 1) return {.kind = mu.size() < 4 ? MuInterpolationKind::linear : MuInterpolationKind::cubic};
  std::vector<std::vector<double>> courses;
  for (std::size_t m = 0; m < mu.size(); ++m) courses.push_back(course_of(*model.observables, kind, m));
  if (kind == GuideKind::moments) standardise(courses, model.observables->time.front().size());
  return choose_mu_rule(MuInterpolationKind::automatic, mu, {products_of({courses.begin(), courses.end()})});
}

GuideStep guide_at(const ReducedModel& model, const MuRule& rule, GuideKind kind, const std::vector<double>& mu,
                   const Tensor& weights) {
  const data::MuSet set(model.header.mu);
  if (!data::barycentric_weights(set, mu)) return {};
  const auto all = mu_weights(rule, set, model.header.mu, mu);
  data::MuWeights runs;
  for (std::size_t m = 0; m < all.size(); ++m)
    if (all[m] != 0) runs.push_back({static_cast<std::int64_t>(m), all[m]});
  const auto& normalizer = model.normalizer;
  const auto guide = std::make_shared<const Guide>(kind, normalizer);
  const double start = normalizer.time_start, span = normalizer.time_span;
  return [&courses = *model.observables, guide, runs, weights, start, span](const Tensor& x, double time) {
    const auto n = x.size(0);
    const Tensor shares = weights.defined()
                              ? weights.to(torch::kFloat64) / weights.to(torch::kFloat64).sum()
                              : torch::full({n, 1}, 1.0 / static_cast<double>(n), x.options().dtype(torch::kFloat64));
    return guide->moved(x, shares, courses.at(runs, start + span * time));
  };
}

GuideKind suitable_guide(const std::vector<double>& periods) {
  return observable_space(periods).periodic.empty() ? GuideKind::moments : GuideKind::modes;
}

void require_observables(const ReducedModel& model, GuideKind kind, const std::string& path) {
  if (kind == GuideKind::none) return;
  if (!model.observables)
    throw UsageError("infer.guide = " + std::string(to_string(kind)) +
                     " needs the observables of the training runs, which " + path +
                     " does not keep: an earlier version made it. Train the model again.");
  const auto space = observable_space(model.header.periods);
  if (kind == GuideKind::modes && space.periodic.empty())
    throw UsageError("infer.guide = modes needs a periodic coordinate; " + path +
                     " has none. Take infer.guide=moments.");
  if (kind == GuideKind::moments && space.free.empty())
    throw UsageError("infer.guide = moments needs a coordinate without a period; " + path +
                     " has none. Take infer.guide=modes.");
}

}  // namespace scorefield::training
