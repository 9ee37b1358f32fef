#include "solvers/sde/ensemble.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "core/require.hpp"
#include "solvers/sde/brownian.hpp"
#include "solvers/sde/schemes.hpp"

namespace scorefield::sde {
namespace {

/// Runs of different seeds or streams have different keys, so all their numbers are independent.
std::uint64_t run_key(const RunSettings& settings) {
  const auto words = Philox(settings.seed, settings.stream).words(0);
  return (std::uint64_t{words[0]} << 32) | words[1];
}

std::uint32_t first_particle(std::int64_t block) { return static_cast<std::uint32_t>(block * kLanes); }

}  // namespace

Ensemble::Ensemble(System system, const Population& initial, std::int64_t particles, const RunSettings& settings)
    : system_(std::move(system)),
      settings_(settings),
      key_(run_key(settings)),
      particles_(particles),
      blocks_((particles + kLanes - 1) / kLanes) {
  validate(system_, settings_.scheme);
  validate(initial, system_.dimension);
  require("the number of particles", particles, in(1, kMaxParticles));
  state_.resize(static_cast<std::size_t>(blocks_ * system_.dimension * kLanes));
  draw(initial);
}

const double* Ensemble::block(std::int64_t index) const {
  return state_.data() + static_cast<std::size_t>(index * system_.dimension * kLanes);
}

double* Ensemble::block(std::int64_t index) { return const_cast<double*>(std::as_const(*this).block(index)); }

void Ensemble::draw(const Population& initial) {
  parallel_for(blocks_, [&](std::int64_t index) {
    NormalRows rows(key_, Draw::initial, first_particle(index), 0);
    double* x = block(index);
    for (std::size_t i = 0; i < initial.mean.size(); ++i, x += kLanes) {
      const double* z = rows.next();
      for (int n = 0; n < kLanes; ++n) {
        // The normal distribution function makes a uniform number of z, here on (-sqrt 3, sqrt 3): deviation 1.
        const double unit =
            initial.law == Population::Law::normal ? z[n] : std::sqrt(3.0) * std::erf(z[n] / std::sqrt(2.0));
        x[n] = initial.mean[i] + initial.deviation[i] * unit;
      }
    }
  });
}

void Ensemble::advance(std::int64_t steps) {
  const auto noisy = static_cast<std::int64_t>(noisy_coordinates(system_).size());
  parallel_for(blocks_, [&](std::int64_t index) {
    BlockStepper stepper(
        system_, settings_.scheme, settings_.dt,
        BrownianPath(key_, first_particle(index), step_,
                     {noisy, settings_.dt, settings_.path_refinement, settings_.scheme == Scheme::sra1}));
    double* x = block(index);
    for (std::int64_t step = step_; step < step_ + steps; ++step)
      stepper.step(static_cast<double>(step) * settings_.dt, x);
  });
  step_ += steps;
  for (std::int64_t index = 0; index < blocks_; ++index) check_finite(index);
}

void Ensemble::restore(std::int64_t step, std::vector<double> states) {
  require("the numbers of a stored ensemble", static_cast<std::int64_t>(states.size()),
          in(static_cast<double>(state_.size()), static_cast<double>(state_.size())));
  step_ = step;
  state_ = std::move(states);
}

void Ensemble::check_finite(std::int64_t index) const {
  const double* x = block(index);
  for (std::int64_t i = 0; i < system_.dimension; ++i)
    for (int n = 0; n < kLanes; ++n) {
      const std::int64_t particle = index * kLanes + n;
      if (particle < particles_ && !std::isfinite(x[i * kLanes + n]))
        throw DivergenceError(step_, "coordinate " + std::to_string(i) + " of particle " + std::to_string(particle),
                              "Use a smaller sde.dt.");
    }
}

double Ensemble::state(std::int64_t particle, std::int64_t coordinate) const {
  return block(particle / kLanes)[coordinate * kLanes + particle % kLanes];
}

void Ensemble::read(std::span<const std::int64_t> coordinates, std::span<float> samples) const {
  const auto width = static_cast<std::int64_t>(coordinates.size());
  parallel_for(blocks_, [&](std::int64_t index) {
    for (std::int64_t n = index * kLanes; n < std::min(particles_, (index + 1) * kLanes); ++n)
      for (std::int64_t c = 0; c < width; ++c)
        samples[static_cast<std::size_t>(n * width + c)] =
            static_cast<float>(state(n, coordinates[static_cast<std::size_t>(c)]));
  });
}

void Ensemble::read_drift(std::span<const std::int64_t> coordinates, std::span<float> rates) const {
  const auto width = static_cast<std::int64_t>(coordinates.size());
  parallel_for(blocks_, [&](std::int64_t index) {
    std::vector<double> b(static_cast<std::size_t>(system_.dimension * kLanes));
    system_.drift(time(), block(index), b.data());
    for (std::int64_t n = index * kLanes; n < std::min(particles_, (index + 1) * kLanes); ++n)
      for (std::int64_t c = 0; c < width; ++c)
        rates[static_cast<std::size_t>(n * width + c)] = static_cast<float>(
            b[static_cast<std::size_t>(coordinates[static_cast<std::size_t>(c)] * kLanes + n % kLanes)]);
  });
}

Ensemble::Moments Ensemble::moments() const {
  const auto d = static_cast<std::size_t>(system_.dimension);
  Moments result{std::vector<double>(d), std::vector<double>(d * d)};
  const auto count = static_cast<double>(particles_);
  std::vector<double> x(d);
  const auto load = [&](std::int64_t particle) {
    for (std::size_t i = 0; i < d; ++i) x[i] = state(particle, static_cast<std::int64_t>(i));
  };
  for (std::int64_t n = 0; n < particles_; ++n) {
    load(n);
    for (std::size_t i = 0; i < d; ++i) result.mean[i] += x[i] / count;
  }
  for (std::int64_t n = 0; n < particles_; ++n) {
    load(n);
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j < d; ++j)
        result.covariance[i * d + j] += (x[i] - result.mean[i]) * (x[j] - result.mean[j]) / (count - 1);
  }
  return result;
}

}  // namespace scorefield::sde
