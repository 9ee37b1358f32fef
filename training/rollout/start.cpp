#include "training/rollout/start.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "core/random_subset.hpp"
#include "core/range.hpp"
#include "core/rows.hpp"
#include "core/text.hpp"

namespace scorefield::training {
namespace {

constexpr std::uint64_t kStartStream = 0x7374617274;
constexpr double kSamePeriod = 1e-6;  ///< relative: periods are often typed with few digits

/// The problem that made the training data; null where it is unknown, or its options are no longer understood.
std::unique_ptr<problems::Problem> problem_of(const ReducedModel& model) {
  try {
    return problems::problem_of(model.header);
  } catch (const UsageError&) {
    return nullptr;
  }
}

double total(const std::vector<float>& weights) { return std::accumulate(weights.begin(), weights.end(), 0.0); }

}  // namespace

void require_space_of(const data::DatasetHeader& model, const data::DatasetHeader& file, const std::string& path) {
  if (file.coordinates != model.coordinates)
    throw FileError(path, "has the coordinates " + comma_joined(file.coordinates) + ", the model has " +
                              comma_joined(model.coordinates) + ". A model tells nothing of other coordinates.");
  for (std::size_t c = 0; c < model.periods.size(); ++c) {
    const double here = file.periods[c], there = model.periods[c];
    if (std::abs(here - there) <= kSamePeriod * std::max(here, there)) continue;
    throw FileError(path, "coordinate '" + model.coordinates[c] + "' has the period " + number_text(here) +
                              ", the model was trained in a box of period " + number_text(there) +
                              " (0: not periodic). A model tells nothing of another box; use data of the same one.");
  }
}

RolloutStart::RolloutStart(const ReducedModel& model, StartOptions options, std::int64_t seed)
    : model_(model),
      training_mu_(model.initial.mu),
      options_(std::move(options)),
      seed_(problems::independent_seed(seed, kStartStream)) {
  std::int64_t available = model.initial.particles;
  if (!options_.path.empty()) {
    given_.emplace(options_.path, data::Layouts::any);
    require_space_of(model.header, given_->header(), options_.path);
    available = given_->header().particles_at(0, 0);
    for (std::int64_t m = 1; m < given_->header().mu_count(); ++m)
      available = std::min(available, given_->header().particles_at(m, 0));
    weighted_ = given_->header().has_weights;
  } else if (options_.kind == StartKind::automatic) {
    problem_ = problem_of(model);
  }
  if (!given_) weighted_ = !model.initial.weights.empty();
  particles_ = options_.particles == 0 ? available : options_.particles;
  if (particles_ > available && !problem_)
    throw UsageError(
        "--particles " + std::to_string(particles_) + " asks for more than the " + std::to_string(available) +
        " particles of the initial population. Give more of them with --initial DATA.h5 ('scorefield generate PROBLEM "
        "--frames 1 --particles N' makes the file).");
}

bool RolloutStart::stored(const std::vector<double>& mu) const {
  if (particles_ > model_.initial.particles) return false;
  return data::MuSet(model_.initial.mu).find(mu).has_value();
}

bool RolloutStart::borrows(const std::vector<double>& mu) const {
  return !given_ && !problem_ && options_.kind == StartKind::automatic && !training_mu_.find(mu);
}

RolloutStart::Population RolloutStart::nearest(const std::vector<double>& mu) const {
  Population population;
  if (!given_) {
    const std::size_t m = model_.initial.nearest(mu);
    population.samples = model_.initial.samples[m];
    if (weighted_) population.weights = model_.initial.weights[m];
    return population;
  }
  const auto& header = given_->header();
  const std::int64_t m = header.mu_count() == 1 ? 0 : given_->nearest_mu(mu), n = header.particles_at(m, 0);
  population.samples.resize(static_cast<std::size_t>(n * header.dimension()));
  given_->read_samples(m, 0, population.samples);
  if (!weighted_) return population;
  population.weights.resize(static_cast<std::size_t>(n));
  given_->read_weights(m, 0, population.weights);
  if (total(population.weights) == 0)
    throw FileError(options_.path, "has no particle of any weight at its first time of mu number " + std::to_string(m) +
                                       "; it cannot start a rollout.");
  return population;
}

std::vector<double> RolloutStart::with_times_of_file(const std::vector<double>& times) const {
  if (!given_ || !given_->header().ragged()) return times;
  std::vector<double> all = times;
  for (const double t : data::all_times(given_->header()))
    if (t > times.front() && t < times.back()) all.push_back(t);
  return data::merged_times(std::move(all));
}

std::vector<float> RolloutStart::at(const std::vector<double>& mu) const {
  if (!given_ && problem_ && !stored(mu)) return generated(mu, mu);
  return some_of(nearest(mu), given_ ? given_->header() : model_.header);
}

RolloutStart::Population RolloutStart::weighted_at(const std::vector<double>& mu) const {
  if (!weighted_ || (!given_ && problem_ && !stored(mu))) {
    Population population{at(mu), {}};
    if (weighted_) population.weights.assign(static_cast<std::size_t>(particles_), 1);
    return population;
  }
  auto population = nearest(mu);
  const auto available = static_cast<std::int64_t>(population.weights.size());
  if (available == particles_) return population;
  const auto& header = given_ ? given_->header() : model_.header;
  const double sum = total(population.weights);
  if (2 * particles_ < available) {
    population.samples = some_of(population, header);
    population.weights.assign(static_cast<std::size_t>(particles_),
                              static_cast<float>(sum / static_cast<double>(particles_)));
    return population;
  }
  const auto rows = problems::representative_rows(header, available, particles_, static_cast<std::uint64_t>(seed_));
  const auto d = static_cast<std::size_t>(header.dimension());
  Population chosen{picked_rows(population.samples, rows, d), picked_rows(population.weights, rows)};
  const double scale = sum / std::max(total(chosen.weights), 1e-300);
  for (float& weight : chosen.weights) weight = static_cast<float>(weight * scale);
  return chosen;
}

std::vector<float> RolloutStart::some_of(const Population& population, const data::DatasetHeader& header) const {
  const auto d = static_cast<std::size_t>(model_.header.dimension());
  const auto available = static_cast<std::int64_t>(population.samples.size() / d);
  const auto seed = static_cast<std::uint64_t>(seed_);
  const auto rows = population.weights.empty() ? problems::representative_rows(header, available, particles_, seed)
                                               : draw_by_weight(population.weights, particles_, seed);
  return picked_rows(population.samples, rows, d);
}

std::vector<float> RolloutStart::with_numbers_of(const std::vector<double>& numbers_of,
                                                 const std::vector<double>& mu) const {
  return problem_ ? generated(mu, numbers_of) : at(numbers_of);
}

std::vector<float> RolloutStart::generated(const std::vector<double>& mu, const std::vector<double>& numbers_of) const {
  return problem_->initial({.mu = mu, .particles = particles_, .seed = seed_, .numbers_of = numbers_of});
}

}  // namespace scorefield::training
