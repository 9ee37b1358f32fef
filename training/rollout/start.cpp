#include "training/rollout/start.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/mu_set.hpp"

namespace scorefield::training {
namespace {

constexpr std::uint64_t kStartStream = 0x7374617274;

/// The problem that made the training data; null where it is unknown, or its options are no longer understood.
std::unique_ptr<problems::Problem> problem_of(const ReducedModel& model) {
  try {
    return problems::problem_of(model.header);
  } catch (const UsageError&) {
    return nullptr;
  }
}

}  // namespace

RolloutStart::RolloutStart(const ReducedModel& model, StartOptions options, std::int64_t seed)
    : model_(model), options_(std::move(options)), seed_(problems::independent_seed(seed, kStartStream)) {
  std::int64_t available = model.initial.particles;
  if (!options_.path.empty()) {
    given_.emplace(options_.path);
    if (given_->header().coordinates != model.header.coordinates)
      throw FileError(options_.path,
                      "its coordinates differ from the model's; it cannot start a rollout of this model.");
    available = given_->header().particles;
  } else if (options_.kind == StartKind::automatic) {
    problem_ = problem_of(model);
  }
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

std::vector<float> RolloutStart::at(const std::vector<double>& mu) const {
  if (given_) {
    std::vector<float> samples(static_cast<std::size_t>(given_->header().frame_size()));
    given_->read_samples(given_->nearest_mu(mu), 0, samples);
    return some_of(samples, given_->header());
  }
  if (problem_ && !stored(mu)) return generated(mu, mu);
  return some_of(model_.initial.samples[model_.initial.nearest(mu)], model_.header);
}

std::vector<float> RolloutStart::some_of(const std::vector<float>& samples, const data::DatasetHeader& header) const {
  const auto d = static_cast<std::size_t>(model_.network->normalizer().dimension());
  const auto rows = problems::representative_rows(header, static_cast<std::int64_t>(samples.size() / d), particles_,
                                                  static_cast<std::uint64_t>(seed_));
  std::vector<float> chosen;
  chosen.reserve(rows.size() * d);
  for (const std::int64_t row : rows) {
    const auto begin = samples.begin() + static_cast<std::ptrdiff_t>(row) * static_cast<std::ptrdiff_t>(d);
    chosen.insert(chosen.end(), begin, begin + static_cast<std::ptrdiff_t>(d));
  }
  return chosen;
}

std::vector<float> RolloutStart::with_numbers_of(const std::vector<double>& numbers_of,
                                                 const std::vector<double>& mu) const {
  return problem_ ? generated(mu, numbers_of) : at(numbers_of);
}

std::vector<float> RolloutStart::generated(const std::vector<double>& mu, const std::vector<double>& numbers_of) const {
  return problem_->initial(
      {.mu = mu.front(), .particles = particles_, .seed = seed_, .numbers_of = numbers_of.front()});
}

}  // namespace scorefield::training
