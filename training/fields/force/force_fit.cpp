#include "training/fields/force/force_fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/dense/dense.hpp"
#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/text.hpp"
#include "data/coordinates.hpp"
#include "training/fields/force/frame_moments.hpp"
#include "training/fields/force/own_field.hpp"
#include "training/fields/force/velocity_change.hpp"

namespace scorefield::training {
namespace {

using dense::Matrix;
using dense::Vector;
using Eigen::Index;

/// Of the mean diagonal of E[phi phi'], added to it.
constexpr double kRidge = 1e-9;
/// An axis without a period is as many ranges of the data long.
constexpr double kPadding = 2;
/// Frames of every run that its range is taken from.
constexpr std::int64_t kRangeFrames = 12;
/// The balance of momentum of so many of the longest waves tells charge over mass.
constexpr std::size_t kChargeWaves = 4;
/// Charge over mass this close to 1 or -1 is that, plasma units: noise of the density lowers what the balance tells.
constexpr double kPlasmaUnits = 0.15;

std::int64_t modes_of(const ForceOptions& options, std::size_t dimension) {
  if (options.modes > 0) return options.modes;
  return dimension == 1 ? 16 : dimension == 2 ? 6 : 3;
}

std::vector<models::PositionAxis> axes_of(const data::DatasetReader& reader, const models::KineticPairs& pairs) {
  const auto& header = reader.header();
  std::vector<models::PositionAxis> axes;
  for (const auto c : pairs.position) axes.push_back({0, header.periods[c], header.periods[c] > 0});
  if (std::all_of(axes.begin(), axes.end(), [](const auto& axis) { return axis.periodic; })) return axes;
  std::vector<double> low(axes.size(), HUGE_VAL), high(axes.size(), -HUGE_VAL);
  const auto d = header.coordinates.size();
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    const auto frames = static_cast<std::int64_t>(header.times(m).size());
    for (std::int64_t i = 0; i < std::min(frames, kRangeFrames); ++i) {
      const auto k = frames <= kRangeFrames ? i : i * (frames - 1) / (kRangeFrames - 1);
      const auto samples = reader.read_frame(m, k).samples;
      for (std::size_t n = 0; n < samples.size(); n += d)
        for (std::size_t a = 0; a < axes.size(); ++a) {
          low[a] = std::min<double>(low[a], samples[n + pairs.position[a]]);
          high[a] = std::max<double>(high[a], samples[n + pairs.position[a]]);
        }
    }
  }
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (axes[a].periodic) continue;
    axes[a].length = kPadding * std::max(high[a] - low[a], 1e-12);
    axes[a].origin = (low[a] + high[a] - axes[a].length) / 2;
  }
  return axes;
}

/// c with gram c = right.
Matrix solve(const Matrix& gram, const Matrix& right) {
  Matrix ridged = gram;
  ridged.diagonal().array() += kRidge * gram.trace() / static_cast<double>(gram.rows());
  const Matrix lower = dense::cholesky(ridged, "the moments of a frame's positions");
  return dense::solve_lower_transposed(lower, dense::solve_lower(lower, right));
}

std::vector<double> numbers(const Matrix& matrix) { return {matrix.data(), matrix.data() + matrix.size()}; }

/// One dataset's fit.
class Fitting {
 public:
  Fitting(const data::DatasetReader& reader, const ForceOptions& options, const ProgressObserver& observer)
      : reader_(reader),
        header_(reader.header()),
        options_(options),
        observer_(observer),
        pairs_(kinetic_pairs_of(header_)),
        source_(force_source(header_, options).value_or(ForceSource::momentum)),
        fit_{models::PositionBasis(axes_of(reader, pairs_), modes_of(options, pairs_.dimension()))} {
    for (std::int64_t m = 0; m < header_.mu_count(); ++m) total_ += static_cast<std::int64_t>(header_.times(m).size());
  }

  ForceFit run() {
    for (std::int64_t m = 0; m < header_.mu_count(); ++m) {
      moments_.clear();
      for (std::int64_t k = 0; k < static_cast<std::int64_t>(header_.times(m).size()); ++k) {
        if (interrupt_requested()) throw Interrupted("interrupted; no model was written.");
        moments_.push_back(read(m, k));
        if (observer_) observer_({"least squares", ++done_, total_, ""});
      }
      fit_.runs.push_back(source_ == ForceSource::charge ? unit_charge_run(m) : least_squares_run(m));
    }
    if (source_ == ForceSource::charge) scale_by_charge();
    else if (total_square_ > 0) fit_.rest = std::sqrt(std::max(0.0, left_square_) / total_square_);
    share_times();
    fit_.source = text();
    return std::move(fit_);
  }

 private:
  FrameMoments read(std::int64_t m, std::int64_t k) {
    if (source_ == ForceSource::differences) {
      const auto change = velocity_change(reader_, pairs_, m, k);
      return frame_moments(fit_.basis, pairs_, {change.samples, change.weights, change.accelerations});
    }
    const auto frame = reader_.read_frame(m, k);
    std::vector<float> accelerations;
    if (source_ == ForceSource::stored)
      for (std::size_t n = 0; n < frame.velocities.size(); n += header_.coordinates.size())
        for (const auto v : pairs_.velocity) accelerations.push_back(frame.velocities[n + v]);
    return frame_moments(fit_.basis, pairs_, {frame.samples, frame.weights, accelerations});
  }

  /// d/dt E[v phi] - E[v v.grad phi] at every frame of a run.
  [[nodiscard]] std::vector<Matrix> momentum_balance(const std::vector<double>& time) const {
    std::vector<double> momentum;
    for (const auto& frame : moments_) {
      const auto row = numbers(frame.momentum);
      momentum.insert(momentum.end(), row.begin(), row.end());
    }
    const auto rates = models::spline_slopes(time, momentum);
    std::vector<Matrix> balance;
    for (std::size_t k = 0; k < moments_.size(); ++k) {
      const auto& flux = moments_[k].flux;
      balance.push_back(
          Eigen::Map<const Matrix>(rates.data() + k * static_cast<std::size_t>(flux.size()), flux.rows(), flux.cols()) -
          flux);
    }
    return balance;
  }

  models::ForceCourse least_squares_run(std::int64_t m) {
    models::ForceCourse course;
    course.time = header_.times(m);
    const bool balanced = source_ == ForceSource::momentum;
    const auto right = balanced ? momentum_balance(course.time) : std::vector<Matrix>();
    ResponseFit response;
    for (std::size_t k = 0; k < moments_.size(); ++k) {
      const auto& frame = moments_[k];
      const Matrix found = solve(frame.gram, balanced ? right[k] : frame.target);
      response.add(fit_.basis, found, frame.density);
      const auto row = numbers(found);
      course.value.insert(course.value.end(), row.begin(), row.end());
      if (balanced) continue;
      total_square_ += frame.square.sum();
      left_square_ += frame.square.sum() - found.cwiseProduct(frame.target).sum();
    }
    course.slope = models::spline_slopes(course.time, course.value);
    fit_.response.push_back(response.response());
    fit_.unexplained = std::max(fit_.unexplained, response.unexplained());
    return course;
  }

  /// By Poisson's equation for q/m = 1, and what the balance of momentum says of q/m.
  models::ForceCourse unit_charge_run(std::int64_t m) {
    models::ForceCourse course;
    course.time = header_.times(m);
    const double strength = header_.field->charge_density[static_cast<std::size_t>(m)] / header_.field->permittivity;
    const auto balance = momentum_balance(course.time);
    const auto rows = static_cast<Index>(fit_.basis.first_wave() + 2 * std::min(kChargeWaves, fit_.basis.waves()));
    for (std::size_t k = 0; k < moments_.size(); ++k) {
      const Matrix field = own_force(fit_.basis, moments_[k].density, strength);
      const auto row = numbers(field), rate = numbers(own_force(fit_.basis, moments_[k].current, strength));
      course.value.insert(course.value.end(), row.begin(), row.end());
      course.slope.insert(course.slope.end(), rate.begin(), rate.end());
      if (k == 0 || k + 1 == moments_.size()) continue;  // a spline's ends
      const Matrix predicted = (moments_[k].gram * field).topRows(rows), seen = balance[k].topRows(rows);
      predicted_square_ += predicted.squaredNorm();
      seen_square_ += seen.squaredNorm();
      product_ += predicted.cwiseProduct(seen).sum();
      balances_ += static_cast<double>(predicted.size());
    }
    fit_.response.push_back(strength);
    return course;
  }

  void scale_by_charge() {
    double ratio = options_.charge_to_mass;
    if (ratio == 0) {
      if (!(predicted_square_ > 0))
        throw FileError(reader_.path(), "has too few times to find the particles' charge over mass in. " + remedy());
      ratio = product_ / predicted_square_;
      const double left = std::max(0.0, seen_square_ - ratio * product_);
      deviation_ = std::sqrt(left / std::max(1.0, balances_ - 1) / predicted_square_);
      if (!(std::abs(ratio) > 3 * deviation_))
        throw FileError(reader_.path(),
                        "its balance of momentum does not tell the particles' charge over mass. " + remedy());
      found_ = ratio;
      const double unit = ratio > 0 ? 1 : -1;
      if (std::abs(ratio - unit) < std::max(kPlasmaUnits, 3 * deviation_)) ratio = unit;
    }
    fit_.charge_to_mass = ratio;
    for (double& response : fit_.response) response *= ratio;
    for (auto& run : fit_.runs)
      for (auto* values : {&run.value, &run.slope})
        for (double& value : *values) value *= ratio;
  }

  [[nodiscard]] static std::string remedy() { return "Give it with --set force.charge_to_mass=-1, say."; }

  /// All runs at the times of all.
  void share_times() {
    if (!header_.ragged()) return;
    const auto all = data::all_times(header_);
    for (auto& run : fit_.runs) {
      if (run.time == all) continue;
      models::ForceCourse shared{.time = all, .value = std::vector<double>(all.size() * run.size()), .slope = {}};
      for (std::size_t k = 0; k < all.size(); ++k)
        run.at(all[k], std::span(shared.value).subspan(k * run.size(), run.size()));
      shared.slope = models::spline_slopes(all, shared.value);
      run = std::move(shared);
    }
  }

  [[nodiscard]] std::string text() const {
    switch (source_) {
      case ForceSource::stored:
        return "least squares of stored accelerations";
      case ForceSource::differences:
        return "least squares of differences between frames of velocities";
      case ForceSource::momentum:
        return "the balance of momentum between snapshots";
      default:
        break;
    }
    char ratio[120];
    if (options_.charge_to_mass != 0) std::snprintf(ratio, sizeof ratio, "given as %g", options_.charge_to_mass);
    else
      std::snprintf(ratio, sizeof ratio, "%g, by the balance of momentum %.3g +- %.1g", fit_.charge_to_mass, found_,
                    deviation_);
    const bool per_area = header_.field->permittivity != 1 && pairs_.dimension() < 3;
    return std::string("Poisson's equation of the particles' charge in its box, charge over mass ") + ratio +
           (per_area ? " (times the cross-section that a box of fewer than three coordinates does not tell)" : "");
  }

  const data::DatasetReader& reader_;
  const data::DatasetHeader& header_;
  const ForceOptions& options_;
  const ProgressObserver& observer_;
  models::KineticPairs pairs_;
  ForceSource source_;
  ForceFit fit_;
  std::vector<FrameMoments> moments_;  ///< of one run
  std::int64_t done_ = 0, total_ = 0;
  double total_square_ = 0, left_square_ = 0;
  double predicted_square_ = 0, seen_square_ = 0, product_ = 0, balances_ = 0;
  double found_ = 0, deviation_ = 0;
};

/// Whether Poisson's equation gives the whole force: the charge is in a box of all positions, of their periods.
bool charge_in_box(const data::DatasetHeader& header, const models::KineticPairs& pairs) {
  if (!header.field || header.field->coordinates.size() != pairs.dimension()) return false;
  for (std::size_t a = 0; a < pairs.dimension(); ++a) {
    const auto c = pairs.position[a];
    if (header.field->coordinates[a] != header.coordinates[c]) return false;
    for (const auto& lengths : header.field->lengths)
      if (std::abs(lengths[a] - header.periods[c]) > 1e-6 * header.periods[c]) return false;
  }
  return std::all_of(header.field->charge_density.begin(), header.field->charge_density.end(),
                     [](double charge) { return charge != 0; });
}

}  // namespace

models::KineticPairs kinetic_pairs_of(const data::DatasetHeader& header) {
  return models::kinetic_pairs(data::velocity_coordinates(header.coordinates));
}

std::optional<ForceSource> force_source(const data::DatasetHeader& header, const ForceOptions& options) {
  using enum ForceSource;
  const auto pairs = kinetic_pairs_of(header);
  if (pairs.dimension() == 0) return std::nullopt;
  const auto has = [&](ForceSource source) {
    switch (source) {
      case stored:
        return header.has_velocities;
      case charge:
        return charge_in_box(header, pairs);
      case differences:
        return header.follows() && header.least_frames() >= 3;
      default:
        return header.least_frames() >= 4;
    }
  };
  if (options.source != automatic) {
    if (has(options.source)) return options.source;
    throw UsageError(
        "force.source: the data do not have what it takes: stored needs /velocities, charge the particles' charge "
        "(import.charge) in a periodic box, differences particles that are followed, momentum four times.");
  }
  for (const auto source : {stored, charge, differences, momentum})
    if (has(source)) return source;
  return std::nullopt;
}

ForceFit fit_force(const data::DatasetReader& reader, const ForceOptions& options, const ProgressObserver& observer) {
  return Fitting(reader, options, observer).run();
}

}  // namespace scorefield::training
