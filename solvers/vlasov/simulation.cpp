#include "solvers/vlasov/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/vlasov/interpolation.hpp"

namespace scorefield::vlasov {
namespace {

constexpr std::int64_t kRows = 8;    ///< rows that one task treats: their neighbours stay in cache
constexpr std::int64_t kTile = 256;  ///< velocities that a task treats at a time
/// Rows start this much further apart than they are long: 17 streams a power of two apart would share one set of the
/// cache.
constexpr std::int64_t kPadding = 24;
constexpr std::int64_t kEdge = 4;        ///< velocities at either end where f must have died out
constexpr double kEdgeShare = 1e-6;      ///< of the largest initial value
constexpr std::int64_t kFieldModes = 8;  ///< recorded

std::int64_t wrapped(std::int64_t i, std::int64_t n) { return ((i % n) + n) % n; }

const VlasovOptions& validated(const VlasovOptions& options, const Plasma& plasma) {
  validate(options, plasma.box_length, plasma.mu, plasma.diffusion);
  return options;
}

VlasovOptions with_step(VlasovOptions options, double dt) {
  options.dt = dt;
  return options;
}

/// One task per kRows rows.
template <class Body>
void for_row_blocks(std::int64_t rows, Body&& body) {
  parallel_for((rows + kRows - 1) / kRows,
               [&](std::int64_t block) { body(block * kRows, std::min(rows, (block + 1) * kRows)); });
}

}  // namespace

Simulation::Simulation(const VlasovOptions& options, double dt, const Plasma& plasma)
    : options_(validated(with_step(options, dt), plasma)),
      dt_(dt),
      plasma_(plasma),
      kernels_(kKernels.chosen()),
      spacing_(plasma.box_length / static_cast<double>(options.cells)),
      velocity_spacing_(2 * options.v_max / static_cast<double>(options.velocity_cells)),
      poisson_(options.cells, plasma.box_length, plasma.mu),
      fourier_(options.cells, kFieldModes),
      stride_(options.velocity_cells + kPadding),
      f_(static_cast<std::size_t>(options.cells * stride_)),
      g_(f_.size()),
      velocity_(static_cast<std::size_t>(options.velocity_cells)),
      sums_(static_cast<std::size_t>(options.cells)),
      density_(sums_.size()),
      field_(sums_.size()),
      modes_(static_cast<std::size_t>(fourier_.count())) {
  for (std::size_t j = 0; j < velocity_.size(); ++j)
    velocity_[j] = -options.v_max + static_cast<double>(j) * velocity_spacing_;
  prepare_drift();
}

/// The density does not see kicks, so the field of f(x, v) is known before f is moved half a kick back.
Simulation::Simulation(const VlasovOptions& options, double dt, const Plasma& plasma,
                       const std::function<double(double x, double v)>& initial)
    : Simulation(options, dt, plasma) {
  for (const double share : {0.0, 0.5}) {
    for_row_blocks(options_.cells, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const double gained = -share * dt_ * field_[static_cast<std::size_t>(i)];
        double* row = f_.data() + i * stride_;
        for (std::size_t j = 0; j < velocity_.size(); ++j)
          row[j] = initial(static_cast<double>(i) * spacing_, velocity_[j] + gained);
      }
      sum_rows(f_, begin, end);
    });
    solve();
  }
  largest_ = *std::max_element(f_.begin(), f_.end());
  check();
}

Simulation::Simulation(const VlasovOptions& options, double dt, const Plasma& plasma, std::int64_t step, double largest,
                       std::vector<double> values)
    : Simulation(options, dt, plasma) {
  const auto nodes = static_cast<std::size_t>(options.cells * options.velocity_cells);
  if (values.size() != nodes)
    throw UsageError("a grid of " + std::to_string(nodes) + " nodes got " + std::to_string(values.size()) + " values.");
  for (std::int64_t i = 0; i < options.cells; ++i)
    std::copy_n(values.data() + i * options.velocity_cells, options.velocity_cells, f_.data() + i * stride_);
  step_ = step;
  largest_ = largest;
  for_row_blocks(options_.cells, [&](std::int64_t begin, std::int64_t end) { sum_rows(f_, begin, end); });
  solve();
}

/// The displacement v dt is the same at every step.
void Simulation::prepare_drift() {
  const std::int64_t count = options_.velocity_cells;
  drift_taps_ = static_cast<int>(options_.degree) + 1;
  drift_weight_.resize(static_cast<std::size_t>(drift_taps_ * stride_));
  for (std::int64_t j = 0; j < count; ++j) {
    const Stencil stencil = shift_stencil(velocity_[static_cast<std::size_t>(j)] * dt_ / spacing_, options_.degree);
    for (int m = 0; m < drift_taps_; ++m)
      drift_weight_[static_cast<std::size_t>(m * stride_ + j)] = stencil.weight[static_cast<std::size_t>(m)];
    if (j % kTile == 0 || segments_.back().first != stencil.first) segments_.push_back({j, j, stencil.first});
    segments_.back().end = j + 1;
  }
}

void Simulation::advance() {
  kick();
  drift();
  solve();
  ++step_;
  check();
}

/// v -> v + a dt, and diffusion along v. Every row has its own displacement.
void Simulation::kick() {
  for_row_blocks(options_.cells, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> padded(static_cast<std::size_t>(options_.velocity_cells + kMaxTaps));
    for (std::int64_t i = begin; i < end; ++i) kick_row(i, padded.data());
  });
}

void Simulation::kick_row(std::int64_t i, double* padded) {
  const std::int64_t count = options_.velocity_cells;
  const double shift = -field_[static_cast<std::size_t>(i)] * dt_ / velocity_spacing_;
  const double number = plasma_.diffusion * dt_ / (velocity_spacing_ * velocity_spacing_);
  const Stencil stencil = shift_and_diffuse_stencil(shift, options_.degree, number);
  double* row = f_.data() + i * stride_;
  const std::int64_t first = wrapped(stencil.first, count);
  std::copy(row + first, row + count, padded);
  std::copy(row, row + first, padded + count - first);
  std::copy(padded, padded + stencil.taps, padded + count);
  kernels_.shift_row(padded, stencil.weight.data(), stencil.taps, row, count);
}

/// x -> x + v dt.
void Simulation::drift() {
  for_row_blocks(options_.cells, [&](std::int64_t begin, std::int64_t end) {
    drift_rows(begin, end);
    sum_rows(g_, begin, end);
  });
  f_.swap(g_);
}

void Simulation::drift_rows(std::int64_t begin, std::int64_t end) {
  const double* rows[kMaxTaps];
  const double *first_row = f_.data(), *end_row = first_row + options_.cells * stride_;
  for (const auto& [from, to, first] : segments_)
    for (std::int64_t i = begin; i < end; ++i) {
      // One division; eight of them took as long as the interpolation.
      const double* row = first_row + wrapped(i + first, options_.cells) * stride_;
      for (int m = 0; m < drift_taps_; ++m) {
        rows[m] = row;
        row += stride_;
        if (row == end_row) row = first_row;
      }
      kernels_.mix_rows({rows, drift_weight_.data(), stride_, drift_taps_}, g_.data() + i * stride_, from, to);
    }
}

void Simulation::sum_rows(const std::vector<double>& values, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    auto& sums = sums_[static_cast<std::size_t>(i)];
    kernels_.sum_row(values.data() + i * stride_, velocity_.data(), options_.velocity_cells, &sums);
    density_[static_cast<std::size_t>(i)] = velocity_spacing_ * sums.f;
  }
}

void Simulation::solve() {
  poisson_.solve(density_, field_);
  fourier_.transform(field_, modes_);
}

void Simulation::check() const {
  double sum = 0, edge = 0;
  for (const RowSums& row : sums_) sum += row.ff;
  if (!std::isfinite(sum)) throw DivergenceError(step_, "f", "Use a smaller vlasov.dt.");
  const std::int64_t count = options_.velocity_cells;
  for (std::int64_t i = 0; i < options_.cells; ++i)
    for (std::int64_t j = 0; j < kEdge; ++j) {
      const double* row = f_.data() + i * stride_;
      edge = std::max({edge, std::abs(row[j]), std::abs(row[count - 1 - j])});
    }
  if (edge <= kEdgeShare * largest_) return;
  std::ostringstream message;
  message << "f at the edge of the velocities is " << edge / largest_ << " of its maximum at step " << step_
          << ", expected at most " << kEdgeShare << ". Use a larger vlasov.v_max (and more vlasov.velocity_cells).";
  throw Error(message.str());
}

std::vector<double> Simulation::values() const {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(options_.cells * options_.velocity_cells));
  for (std::int64_t i = 0; i < options_.cells; ++i)
    values.insert(values.end(), f_.begin() + i * stride_, f_.begin() + i * stride_ + options_.velocity_cells);
  return values;
}

double Simulation::electric_energy() const {
  double sum = 0;
  for (const double e : field_) sum += e * e;
  return 0.5 * plasma_.mu * plasma_.mu * spacing_ * sum;
}

/// With v now = v + w, w = -E dt / 2: v f and v^2 f from the sums over the stored v.
GridMoments Simulation::moments() const {
  GridMoments moments;
  const double cell = spacing_ * velocity_spacing_;
  for (std::size_t i = 0; i < sums_.size(); ++i) {
    const RowSums& row = sums_[i];
    const double w = -0.5 * dt_ * field_[i];
    moments.mass += cell * row.f;
    moments.momentum += cell * (row.fv + w * row.f);
    moments.kinetic_energy += 0.5 * cell * (row.fvv + 2 * w * row.fv + w * w * row.f);
    moments.l2 += cell * row.ff;
    moments.negative_mass += cell * row.negative;
    moments.lowest = std::min(moments.lowest, row.lowest / largest_);
  }
  return moments;
}

}  // namespace scorefield::vlasov
