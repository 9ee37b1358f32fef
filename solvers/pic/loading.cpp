#include "solvers/pic/loading.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "solvers/pic/low_discrepancy.hpp"

namespace scorefield::pic {
namespace {

constexpr std::size_t kTableIntervals = 2048;
constexpr double kTails = 9;  // thermal speeds beyond the outermost drifts; quantiles reach 6.4

double normal_cumulative(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

void validate(const std::vector<Beam>& beams) {
  if (beams.empty()) throw UsageError("a population needs at least one beam, got none.");
  double total = 0;
  for (const Beam& beam : beams) {
    if (!(beam.thermal > 0) || !std::isfinite(beam.thermal))
      throw UsageError("a beam's thermal speed is " + std::to_string(beam.thermal) + ", expected a number above 0.");
    if (!(beam.density > 0) || !std::isfinite(beam.drift))
      throw UsageError("a beam needs a density above 0 and a finite drift.");
    total += beam.density;
  }
  if (std::abs(total - 1) > 1e-9)
    throw UsageError("the beams' densities sum to " + std::to_string(total) + ", expected 1.");
}

void validate(const DensityPerturbation& density) {
  if (!(std::abs(density.amplitude) < 1) || !(density.mode > 0) || !std::isfinite(density.mode))
    throw UsageError("a density perturbation has amplitude " + std::to_string(density.amplitude) + " and mode " +
                     std::to_string(density.mode) + ", expected an amplitude in (-1, 1) and a mode above 0.");
}

bool is_whole(double mode) { return mode == std::floor(mode); }

/// Of waves that do not end with the box: the share of the density below x, solved over the whole box.
double broken_wave_quantile(const DensityPerturbation& density, double box_length, double share) {
  const double k = 2 * std::numbers::pi * density.mode / box_length;
  const double target = share * density.mean() * box_length;
  double low = 0, high = box_length, x = share * box_length;
  for (int iteration = 0; iteration < 80; ++iteration) {
    const double excess = x + density.amplitude * std::sin(k * x) / k - target;
    (excess < 0 ? low : high) = x;
    double next = x - excess / (1 + density.amplitude * std::cos(k * x));
    if (!(next >= low && next <= high)) next = 0.5 * (low + high);
    const bool settled = std::abs(next - x) < 1e-14 * box_length;
    x = next;
    if (settled) break;
  }
  return x < box_length ? x : 0;
}

}  // namespace

double DensityPerturbation::mean() const {
  if (is_whole(mode)) return 1;
  const double phase = 2 * std::numbers::pi * mode;
  return 1 + amplitude * std::sin(phase) / phase;
}

VelocityDistribution::VelocityDistribution(std::vector<Beam> beams) : beams_(std::move(beams)) {
  validate(beams_);
  double highest = beams_.front().drift;
  lowest_ = highest;
  for (const Beam& beam : beams_) {
    lowest_ = std::min(lowest_, beam.drift - kTails * beam.thermal);
    highest = std::max(highest, beam.drift + kTails * beam.thermal);
  }
  spacing_ = (highest - lowest_) / kTableIntervals;
  table_.resize(kTableIntervals + 1);
  for (std::size_t i = 0; i < table_.size(); ++i) table_[i] = cumulative(lowest_ + static_cast<double>(i) * spacing_);
}

double VelocityDistribution::density(double v) const {
  double sum = 0;
  for (const Beam& beam : beams_) {
    const double z = (v - beam.drift) / beam.thermal;
    sum += beam.density / beam.thermal * std::exp(-0.5 * z * z);
  }
  return sum / std::sqrt(2 * std::numbers::pi);
}

double VelocityDistribution::cumulative(double v) const {
  double sum = 0;
  for (const Beam& beam : beams_) sum += beam.density * normal_cumulative((v - beam.drift) / beam.thermal);
  return sum;
}

double VelocityDistribution::quantile(double share) const {
  const auto above = std::upper_bound(table_.begin() + 1, table_.end() - 1, share);
  const auto interval = static_cast<double>(above - table_.begin() - 1);
  double low = lowest_ + interval * spacing_, high = low + spacing_;
  double v = 0.5 * (low + high);
  for (int iteration = 0; iteration < 60; ++iteration) {
    const double excess = cumulative(v) - share;
    (excess < 0 ? low : high) = v;
    const double slope = density(v);
    double next = slope > 0 ? v - excess / slope : low;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::abs(next - v) < 1e-13 * kTableIntervals * spacing_) return next;
    v = next;
  }
  return v;
}

/// The cumulative share of one wave, phase / 2 pi + amplitude sin(phase) / 2 pi, solved for the phase by Newton's
/// method inside of a shrinking bracket.
double position_quantile(const DensityPerturbation& density, double box_length, double share) {
  const double waves = density.mode;
  if (density.amplitude == 0) return box_length * share;
  if (!is_whole(waves)) return broken_wave_quantile(density, box_length, share);
  const double whole = std::floor(share * waves);
  const double target = 2 * std::numbers::pi * (share * waves - whole);
  double low = 0, high = 2 * std::numbers::pi, phase = target;
  for (int iteration = 0; iteration < 80; ++iteration) {
    const double excess = phase + density.amplitude * std::sin(phase) - target;
    (excess < 0 ? low : high) = phase;
    double next = phase - excess / (1 + density.amplitude * std::cos(phase));
    if (!(next >= low && next <= high)) next = 0.5 * (low + high);
    const bool settled = std::abs(next - phase) < 1e-14;
    phase = next;
    if (settled) break;
  }
  const double x = box_length * (whole + phase / (2 * std::numbers::pi)) / waves;
  return x < box_length ? x : 0;
}

PhaseSpaceDensity::PhaseSpaceDensity(const Population& population, double box_length)
    : distribution_(population.beams),
      perturbation_(population.perturbation),
      density_(population.density),
      wavenumber_(2 * std::numbers::pi / box_length),
      mean_(population.density.mean()) {
  validate(density_);
}

double PhaseSpaceDensity::operator()(double x, double v) const {
  const double stretch = 1 + perturbation_.amplitude * std::cos(perturbation_.mode * wavenumber_ * x);
  const double n = (1 + density_.amplitude * std::cos(density_.mode * wavenumber_ * x)) / mean_;
  return n * distribution_.density(v / stretch) / stretch;
}

Particles load(const Population& population, double box_length, std::int64_t count, Start start, const Philox& random) {
  validate(population.density);
  const VelocityDistribution distribution(population.beams);
  const ScrambledSobol2d sobol(random);
  const double amplitude = population.perturbation.amplitude, mode = population.perturbation.mode;
  const double wavenumber = 2 * std::numbers::pi * mode / box_length;

  Particles particles;
  particles.position.resize(static_cast<std::size_t>(count));
  particles.velocity.resize(static_cast<std::size_t>(count));
  constexpr std::int64_t kBlock = 4096;
  parallel_for((count + kBlock - 1) / kBlock, [&](std::int64_t block) {
    const std::int64_t end = std::min(count, (block + 1) * kBlock);
    for (std::int64_t i = block * kBlock; i < end; ++i) {
      const auto [along_x, along_v] = start == Start::quiet ? sobol.point(static_cast<std::uint32_t>(i))
                                                            : random.uniforms(static_cast<std::uint64_t>(i));
      const double x = position_quantile(population.density, box_length, along_x);
      const double v = distribution.quantile(along_v);
      particles.position[static_cast<std::size_t>(i)] = x;
      particles.velocity[static_cast<std::size_t>(i)] = v * (1 + amplitude * std::cos(wavenumber * x));
    }
  });
  return particles;
}

}  // namespace scorefield::pic
