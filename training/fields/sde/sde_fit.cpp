#include "training/fields/sde/sde_fit.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "training/fields/sde/drift_regression.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr std::int64_t kValidationBatches = 4, kJudgeBatches = 64, kNoiseBatches = 64;
/// Held-back batches that decide about the correction: none that the choice of the library has seen.
constexpr std::uint64_t kJudgeStream = 1 << 20;

Tensor row(const std::vector<double>& values) { return torch::tensor(values, torch::kFloat64).to(torch::kFloat32); }

/// What the drift leaves of the increments, [B, d].
Tensor residual(const SdeModel& model, const Increments& batch) {
  return batch.change - model.drift_step(batch.from, batch.mu, batch.time, batch.step);
}

/// Fits the networks beside a library that is fixed.
class SdeObjective {
 public:
  SdeObjective(const DriftRegression& regression, SdeModel& model)
      : regression_(regression), model_(model), weights_(regression.weights().to(torch::kFloat32)) {
    for (std::int64_t i = 0; i < kValidationBatches; ++i)
      held_back_.push_back(regression.draw(static_cast<std::uint64_t>(i), true));
  }

  [[nodiscard]] StepLoss step(std::int64_t step) const {
    const auto batch = regression_.draw(static_cast<std::uint64_t>(step), false);
    const auto rows = regression_rows(model_, batch);
    const Tensor left = left_over(rows);
    const Tensor drift = mean_of(left, rows);
    return {model_.noise ? drift + noise_loss(left.detach(), batch) : drift, drift};
  }
  [[nodiscard]] double validation() const {
    double sum = 0;
    for (const auto& batch : held_back_) sum += regression_.loss(batch) / kValidationBatches;
    return sum;
  }
  /// Of the batches that decide.
  [[nodiscard]] std::vector<double> judged() const {
    std::vector<double> losses;
    for (std::int64_t i = 0; i < kJudgeBatches; ++i)
      losses.push_back(regression_.loss(regression_.draw(kJudgeStream + static_cast<std::uint64_t>(i), true)));
    return losses;
  }

 private:
  [[nodiscard]] Tensor left_over(const RegressionRows& rows) const {
    const Tensor known = model_.library(rows.state, rows.mu, rows.t).matmul(model_.readout.t());
    return rows.target - rows.h * (known + model_.correction(rows.state, rows.mu, rows.t));
  }
  [[nodiscard]] Tensor mean_of(const Tensor& left, const RegressionRows& rows) const {
    return (left.square() / rows.h * weights_).mean();
  }
  /// -log of the likelihood of what is left.
  [[nodiscard]] Tensor noise_loss(const Tensor& left, const Increments& batch) const {
    const auto& rows = model_.rows;
    const Tensor share = (rows.folded(left * row(model_.speed)) / row(model_.sigma)).square() / batch.step;
    const Tensor log_ratio = (*model_.noise)(rows.state(batch.from), rows.repeated(batch.mu), rows.repeated(batch.time))
                                 .view_as(batch.change);
    return 0.5 * (share * (-log_ratio).exp() + log_ratio).mean();
  }

  const DriftRegression& regression_;
  SdeModel& model_;
  Tensor weights_;
  std::vector<Increments> held_back_;
};

/// sigma per coordinate by the quadratic variation of what is left.
std::vector<double> sigma_of(const SdeModel& model, const DriftRegression& regression) {
  const torch::NoGradGuard no_grad;
  Tensor squares = torch::zeros({static_cast<std::int64_t>(model.sigma.size())}, torch::kFloat64);
  double spans = 0;
  for (std::int64_t i = 0; i < kNoiseBatches; ++i) {
    const auto batch = regression.draw(static_cast<std::uint64_t>(i) + kValidationBatches, true);
    squares += residual(model, batch).to(torch::kFloat64).square().sum(0);
    spans += batch.step.to(torch::kFloat64).sum().item<double>();
  }
  const Tensor sigma = (squares / spans).sqrt();
  return {sigma.const_data_ptr<double>(), sigma.const_data_ptr<double>() + sigma.numel()};
}

/// One sigma in physical units, root mean square of those of the coordinates.
void make_constant(const models::Normalizer& normalizer, std::vector<double>& sigma) {
  double sum = 0;
  for (std::size_t k = 0; k < sigma.size(); ++k) sum += std::pow(sigma[k] * normalizer.scale[k], 2);
  const double physical = std::sqrt(sum / static_cast<double>(sigma.size()));
  for (std::size_t k = 0; k < sigma.size(); ++k) sigma[k] = physical / normalizer.scale[k];
}

/// Keeps what held-back increments prefer: the library alone, the correction as it was trained, or as a part of a
/// solution with the library.
void settle(const DriftRegression& regression, const SdeObjective& objective, SdeModel& model,
            const std::vector<double>& of_library) {
  const torch::NoGradGuard no_grad;
  const auto sum = [](const std::vector<double>& losses) { return std::accumulate(losses.begin(), losses.end(), 0.0); };
  const Tensor library = model.readout;
  auto best = objective.judged();
  optim::NamedTensors trained;
  for (const auto& [name, value] : model.parameters()) trained.emplace_back(name, value.clone());
  regression.solve();
  const auto solved = objective.judged();
  if (sum(solved) <= sum(best)) {
    best = solved;
  } else {
    model.readout = library;
    optim::restore(model.parameters(), trained, "the drift's correction");
  }
  if (are_lower(best, of_library)) return;
  model.readout = library;
  model.corrected = false;
}

}  // namespace

SingleRun fit_sde(const IncrementTable& table, const models::Normalizer& normalizer, const SingleRunOptions& options,
                  SdeModel& model, const RunObserver& report) {
  const auto start = std::chrono::steady_clock::now();
  model.step = table.typical_step();
  const DriftRegression regression(table, model);
  model.corrected = false;
  regression.start();
  regression.choose_library();
  regression.solve();
  model.sigma = sigma_of(model, regression);
  SdeObjective objective(regression, model);
  const auto of_library = objective.judged();
  model.corrected = true;

  SingleRunOptions left = options;
  if (left.time_limit_seconds > 0) {
    const std::chrono::duration<double> gone = std::chrono::steady_clock::now() - start;
    left.time_limit_seconds = std::max(1.0, left.time_limit_seconds - gone.count());
  }
  auto run = run_once(
      model.parameters(), left, [&](std::int64_t step) { return objective.step(step); },
      [&] { return objective.validation(); }, report);
  if (run.interrupted) return run;
  settle(regression, objective, model, of_library);
  run.end.validation_loss = objective.validation();
  if (model.noise) return run;
  model.sigma = sigma_of(model, regression);
  if (model.options.noise == NoiseKind::constant) make_constant(normalizer, model.sigma);
  return run;
}

}  // namespace scorefield::training
