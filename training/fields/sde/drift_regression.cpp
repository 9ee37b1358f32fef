#include "training/fields/sde/drift_regression.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/interrupt.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

/// Of a Gram matrix with a unit diagonal.
constexpr double kRidge = 1e-7;
/// Batches that a start and the choice of a library look at, and those held back from the choice.
constexpr std::int64_t kStartBatches = 32, kChoiceBatches = 40, kHeldBack = 24, kSettling = 8;
/// A solution may be this much worse on few held-back increments, by chance.
constexpr double kSlack = 1e-3;
/// Increments that the readout is solved with, at most.
constexpr std::int64_t kMostRows = std::int64_t{1} << 21;
/// Batches that no step of the optimiser draws.
constexpr std::uint64_t kStartStream = std::uint64_t{1} << 40, kReadoutStream = kStartStream << 1;
constexpr std::int64_t kMostStateDegree = 5, kMostTimeDegree = 24, kMostRounds = 16;

Tensor of(const std::vector<double>& values) { return torch::tensor(values, torch::kFloat64); }

std::int64_t next_time_degree(std::int64_t degree) { return degree < 4 ? degree + 1 : degree + degree / 2; }

/// [outputs, F] in float32, of a solution in double.
Tensor map_of(const Tensor& w) { return w.t().to(torch::kFloat32).contiguous(); }

}  // namespace

RegressionRows regression_rows(const SdeModel& model, const Increments& batch) {
  const torch::NoGradGuard no_grad;
  const Tensor half = batch.step / 2, middle_time = batch.time + half;
  const Tensor middle = batch.from + half * model.drift_at(batch.from, batch.mu, batch.time);
  const Tensor whole = model.drift_step(batch.from, batch.mu, batch.time, batch.step);
  const Tensor known = whole - batch.step * model.drift_at(middle, batch.mu, middle_time);
  const auto& rows = model.rows;
  const Tensor speed = of(model.speed).to(torch::kFloat32);
  return {rows.state(middle), rows.repeated(batch.mu), rows.repeated(middle_time), rows.repeated(batch.step),
          rows.spread(batch.change - known) / speed};
}

void NormalEquations::add(const Tensor& psi, const RegressionRows& rows) {
  const Tensor own = psi.t().matmul(psi * rows.h).to(torch::kFloat64),
               with_target = psi.t().matmul(rows.target).to(torch::kFloat64);
  gram_ = gram_.defined() ? gram_ + own : own;
  products_ = products_.defined() ? products_ + with_target : with_target;
  rows_ += static_cast<double>(psi.size(0));
}

Tensor solve_scaled(const Tensor& gram, const Tensor& products, double ridge) {
  const Tensor scale = gram.diagonal().clamp_min(1e-300).sqrt().unsqueeze(1);
  const Tensor scaled = gram / scale / scale.t() + ridge * torch::eye(gram.size(0), gram.options());
  return torch::linalg_solve(scaled, products / scale) / scale;
}

Tensor NormalEquations::solution() const { return solve_scaled(gram_, products_, kRidge); }

double NormalEquations::loss(const Tensor& w, const Tensor& weights) const {
  return ((w * (gram_.matmul(w) - 2 * products_)).sum(0) * weights).sum().item<double>() / rows_;
}

bool are_lower(const std::vector<double>& losses, const std::vector<double>& before) {
  const auto n = static_cast<double>(losses.size());
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const double gain = before[i] - losses[i];
    sum += gain;
    squares += gain * gain;
  }
  const double deviation = std::sqrt(std::max(0.0, squares - sum * sum / n) / (n - 1));
  return sum / n > 2 * deviation / std::sqrt(n);
}

std::int64_t DriftRegression::batch() const {
  return std::max<std::int64_t>(64, model_.options.batch / model_.rows.per_particle());
}

Tensor DriftRegression::weights() const {
  const Tensor units = of(model_.rows.units()), variation = of(table_.variation()).clamp_min(1e-30);
  const Tensor of_coordinates = units.square() / variation;
  return (model_.rows.alike() ? of_coordinates.mean().view({1}) : of_coordinates) * of(model_.speed).square();
}

double DriftRegression::loss(const Increments& batch) const {
  const torch::NoGradGuard no_grad;
  const auto& rows = model_.rows;
  const Tensor left = batch.change - model_.drift_step(batch.from, batch.mu, batch.time, batch.step);
  const Tensor weight = (weights() / of(model_.speed).square()).to(torch::kFloat32);
  return (rows.spread(left).square() / rows.repeated(batch.step) * weight).mean().item<double>();
}

double DriftRegression::held_back_loss() const {
  double sum = 0;
  for (std::int64_t i = 0; i < kSettling; ++i) sum += loss(draw(static_cast<std::uint64_t>(i), true));
  return sum;
}

void DriftRegression::start() const {
  const torch::NoGradGuard no_grad;
  std::vector<Tensor> seen;
  for (std::int64_t i = 0; i < kStartBatches; ++i)
    seen.push_back(draw(kStartStream + static_cast<std::uint64_t>(i), false).from);
  model_.rows.measure(torch::cat(seen));
  solve_with(kStartBatches);
  double sum = 0;
  Tensor squares;
  for (std::int64_t i = 0; i < kStartBatches; ++i) {
    const auto at = draw(kStartStream + static_cast<std::uint64_t>(i), false);
    const Tensor drift = model_.rows.spread(model_.drift_at(at.from, at.mu, at.time));
    squares = squares.defined() ? squares + drift.square().mean(0) : drift.square().mean(0);
    sum += 1;
  }
  const Tensor speed = (squares / sum).clamp_min(1).sqrt();  // at least a deviation in the time span
  for (std::size_t k = 0; k < model_.speed.size(); ++k)
    model_.speed[k] = speed[static_cast<std::int64_t>(k)].item<double>();
  model_.readout /= speed.unsqueeze(1);
}

std::vector<RegressionRows> DriftRegression::prepared(std::int64_t batches, std::uint64_t first,
                                                      bool validation) const {
  std::vector<RegressionRows> all;
  for (std::int64_t i = 0; i < batches && !interrupt_requested(); ++i)
    all.push_back(regression_rows(model_, draw(first + static_cast<std::uint64_t>(i), validation)));
  return all;
}

std::vector<LibraryDegrees> DriftRegression::larger() const {
  const auto& now = model_.library.degrees();
  std::vector<LibraryDegrees> candidates;
  const auto consider = [&](const LibraryDegrees& degrees) {
    if (DriftLibrary::size_of(model_.rows.columns(), model_.library.parameters(), degrees) <=
        static_cast<double>(model_.options.functions))
      candidates.push_back(degrees);
  };
  // By two, too: an odd drift gains nothing by an even degree.
  for (const std::int64_t state : {now.state + 1, now.state + 2})
    if (state <= kMostStateDegree) consider({state, now.mu, now.time});
  if (now.mu + 1 < table_.runs()) consider({now.state, now.mu + 1, now.time});
  if (!model_.options.autonomous && now.time < kMostTimeDegree)
    consider({now.state, now.mu, next_time_degree(now.time)});
  return candidates;
}

void DriftRegression::choose_library() const {
  const torch::NoGradGuard no_grad;
  const Tensor weight = weights();
  for (std::int64_t round = 0; round < kMostRounds && !interrupt_requested(); ++round) {
    const auto seen = prepared(kChoiceBatches, kStartStream, false), held_back = prepared(kHeldBack, 0, true);
    const auto evaluate = [&](const DriftLibrary& library, Tensor& w) {
      NormalEquations equations;
      for (const auto& rows : seen) equations.add(library(rows.state, rows.mu, rows.t), rows);
      w = equations.solution();
      std::vector<double> losses;
      for (const auto& rows : held_back) {
        NormalEquations own;
        own.add(library(rows.state, rows.mu, rows.t), rows);
        losses.push_back(own.loss(w, weight));
      }
      return losses;
    };
    Tensor w;
    const auto before = evaluate(model_.library, w);
    double least = 0;
    std::optional<LibraryDegrees> best;
    for (const auto& degrees : larger()) {
      Tensor own;
      const auto losses = evaluate(DriftLibrary(model_.rows.columns(), model_.library.parameters(), degrees), own);
      const double change =
          std::accumulate(losses.begin(), losses.end(), 0.0) - std::accumulate(before.begin(), before.end(), 0.0);
      if (change >= least || !are_lower(losses, before)) continue;
      least = change;
      best = degrees;
      w = own;
    }
    if (!best) return;
    const auto library = model_.library;
    const Tensor readout = model_.readout;
    const double loss_before = held_back_loss();
    model_.set_library(*best);
    model_.readout = map_of(w);
    if (held_back_loss() <= loss_before) continue;
    model_.library = library;
    model_.readout = readout;
    return;
  }
}

void DriftRegression::solve_with(std::int64_t batches) const {
  const torch::NoGradGuard no_grad;
  NormalEquations equations;
  for (std::int64_t i = 0; i < batches && !interrupt_requested(); ++i) {
    const auto rows = regression_rows(model_, draw(kReadoutStream + static_cast<std::uint64_t>(i), false));
    const Tensor library = model_.library(rows.state, rows.mu, rows.t);
    const auto& network = model_.correction;
    equations.add(model_.corrected
                      ? torch::cat({library, network.last_hidden(network.inputs(rows.state, rows.mu, rows.t))}, 1)
                      : library,
                  rows);
  }
  if (interrupt_requested()) return;
  const Tensor map = map_of(equations.solution());
  const std::int64_t size = model_.library.size();
  model_.readout = map.narrow(1, 0, size).contiguous();
  if (model_.corrected) model_.correction.set_last(map.narrow(1, size, map.size(1) - size));
}

void DriftRegression::solve() const {
  const std::int64_t per_batch = batch() * model_.rows.per_particle();
  const std::int64_t rows = std::min(2 * table_.size() * model_.rows.per_particle(), kMostRows);
  const std::int64_t batches = std::max<std::int64_t>(1, (rows + per_batch - 1) / per_batch);
  const torch::NoGradGuard no_grad;
  double before = std::numeric_limits<double>::infinity();
  // The middle of a step moves with the solution: few increments settle it, all of them decide. Where the drift turns
  // within a step, the middle may run away instead, and the solution before it stays.
  for (const std::int64_t share : {16, 16, 4, 1}) {
    const Tensor readout = model_.readout;
    optim::NamedTensors networks;
    for (const auto& [name, value] : model_.parameters()) networks.emplace_back(name, value.clone());
    if (!std::isfinite(before)) before = held_back_loss();
    solve_with(std::max<std::int64_t>(1, batches / share));
    const double after = held_back_loss();
    if (after <= before * (1 + kSlack)) {
      before = after;
      continue;
    }
    model_.readout = readout;
    optim::restore(model_.parameters(), networks, "the drift's networks");
    return;
  }
}

}  // namespace scorefield::training
