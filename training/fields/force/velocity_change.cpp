#include "training/fields/force/velocity_change.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.hpp"
#include "data/common_particles.hpp"

namespace scorefield::training {

VelocityChange velocity_change(const data::DatasetReader& reader, const models::KineticPairs& pairs,
                               std::int64_t mu_index, std::int64_t k) {
  const auto& header = reader.header();
  const auto& time = header.times(mu_index);
  const auto first = std::clamp<std::int64_t>(k - 1, 0, static_cast<std::int64_t>(time.size()) - 3);
  std::array<data::Frame, 3> frames;
  std::vector<data::Frame*> pointers;
  for (std::size_t i = 0; i < 3; ++i) {
    auto read = reader.read_frame(mu_index, first + static_cast<std::int64_t>(i));
    frames[i].samples = std::move(read.samples);
    frames[i].weights = std::move(read.weights);
    if (header.follows_by_id()) frames[i].id = std::move(read.id);
    pointers.push_back(&frames[i]);
  }
  const std::size_t d = header.coordinates.size();
  if (header.follows_by_id()) data::keep_common(d, pointers);
  // The slope at time t of the parabola through three values.
  const auto at = static_cast<std::size_t>(first);
  const double t0 = time[at], t1 = time[at + 1], t2 = time[at + 2], t = time[static_cast<std::size_t>(k)];
  const std::array<double, 3> share{((t - t1) + (t - t2)) / ((t0 - t1) * (t0 - t2)),
                                    ((t - t0) + (t - t2)) / ((t1 - t0) * (t1 - t2)),
                                    ((t - t0) + (t - t1)) / ((t2 - t0) * (t2 - t1))};
  auto& own = frames[static_cast<std::size_t>(k - first)];
  if (own.samples.empty())
    throw FileError(reader.path(), "has no particle that is in three neighbouring frames of mu number " +
                                       std::to_string(mu_index) + ". Take force.source = momentum.");
  VelocityChange change;
  for (std::size_t n = 0; n < own.samples.size(); n += d)
    for (const auto v : pairs.velocity) {
      double sum = 0;
      for (std::size_t i = 0; i < 3; ++i) sum += share[i] * frames[i].samples[n + v];
      change.accelerations.push_back(static_cast<float>(sum));
    }
  change.samples = std::move(own.samples);
  change.weights = std::move(own.weights);
  return change;
}

}  // namespace scorefield::training
