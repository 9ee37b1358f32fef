#include "training/batch/particles.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "training/batch/prepare_frame.hpp"
#include "training/batch/random_streams.hpp"
#include "training/batch/space_filling.hpp"

namespace scorefield::training {
namespace {

/// Particles that are trained on: all but a share, and at least one, for validation.
std::int64_t count_training_particles(const data::DatasetReader& reader, double validation_fraction) {
  const std::int64_t all = reader.header().particles;
  if (all < 2)
    throw FileError(reader.path(), "holds " + std::to_string(all) +
                                       " particle per frame, training needs at least 2, some of them for validation.");
  return all - std::max<std::int64_t>(
                   1, static_cast<std::int64_t>(std::ceil(validation_fraction * static_cast<double>(all))));
}

/// The frames (in the file) around a time and the weight of the later one.
struct Bracket {
  std::int64_t before, after;
  double fraction;
};

Bracket bracket(const MarginalIndex::Times& stored, double t) {
  const auto& times = stored.time;
  const auto last = static_cast<std::int64_t>(times.size()) - 1;
  const auto found = std::clamp<std::int64_t>(std::lower_bound(times.begin(), times.end(), t) - times.begin(), 1, last);
  const auto after = static_cast<std::size_t>(found);
  const double low = times[after - 1], high = times[after];
  const double fraction = std::clamp((t - low) / (high - low), 0.0, 1.0);
  // Rounding must not mix a frame with its neighbour.
  return {stored.frame[after - 1], stored.frame[after], fraction < 1e-9 ? 0.0 : fraction > 1 - 1e-9 ? 1.0 : fraction};
}

}  // namespace

Particles::Particles(data::DatasetReader reader, const models::Normalizer& normalizer, const TrainConfig& config,
                     std::uint64_t seed, const BatchNeeds& needs)
    : normalizer_(normalizer),
      training_particles_(count_training_particles(reader, config.training.validation_fraction)),
      marginals_(reader.header(), normalizer, config.batch, seed, needs.velocities == data::Velocities::differences),
      sampling_(reader.header().dimension() > kMaxHilbertDimension ? SamplingKind::random : config.batch.sampling) {
  const auto order = sampling_ == SamplingKind::random ? OrderKind::none
                     : needs.same_particles            ? OrderKind::beside
                                                       : OrderKind::in_place;
  const PrepareFrame prepare(normalizer_, reader.header(), training_particles_, order, seed);
  frames_ = std::make_unique<data::FrameCache>(std::move(reader), config.training.memory_limit << 20, needs.velocities,
                                               prepare);
}

Particles::Range Particles::range_of(Subset subset) const {
  if (subset == Subset::training) return {0, training_particles_};
  return {training_particles_, header().particles - training_particles_};
}

/// One particle of a subset.
std::int64_t Particles::pick(const Philox& random, std::uint64_t index, Subset subset) const {
  const auto [first, available] = range_of(subset);
  return first + static_cast<std::int64_t>(random.integer(index, static_cast<std::uint64_t>(available)));
}

void Particles::draw_anywhere(Source from, std::span<float> x) const {
  const auto d = static_cast<std::size_t>(header().dimension());
  const Philox random(from.seed, kGaugeStream);
  for (std::size_t r = 0; r < x.size() / d; ++r) {
    const auto index = 3 * static_cast<std::uint64_t>(r);
    const auto m = static_cast<std::int64_t>(random.integer(index, static_cast<std::uint64_t>(header().mu_count())));
    const auto& kept = marginals_.times(m).frame;
    const auto k = static_cast<std::size_t>(random.integer(index + 1, kept.size()));
    const auto particle = static_cast<std::size_t>(pick(random, index + 2, from.subset));
    const auto frame = frames_->get(m, kept[k]);
    std::copy_n(frame->samples.begin() + static_cast<std::ptrdiff_t>(particle * d), d,
                x.begin() + static_cast<std::ptrdiff_t>(r * d));
  }
}

void Particles::draw(const Group& group, Source from, std::span<float> x, std::span<float> velocity) const {
  float* const rates = velocity.empty() ? nullptr : velocity.data();
  if (group.frame >= 0) return draw_frame(group, from, x, rates);
  const bool along_paths = sampling_ == SamplingKind::random && header().identity == data::Identity::trajectories;
  if (along_paths) draw_trajectories(group, from, x, rates);
  else draw_marginals(group, from, x, rates);
}

/// Particles of one frame, chosen at random or from equal runs of the order of the frame `anchor`.
void Particles::draw_frame(const Group& group, Source from, std::span<float> x, float* velocity) const {
  const auto d = static_cast<std::size_t>(header().dimension());
  const auto [start, available] = range_of(from.subset);
  const bool stratified = sampling_ == SamplingKind::stratified;
  const auto count = static_cast<std::int64_t>(x.size() / d), different = (count + group.copies - 1) / group.copies;
  const Philox random(from.seed, kParticleStream);
  const auto anchor = frames_->get(group.mu_index, group.anchor), frame = frames_->get(group.mu_index, group.frame);
  float* sample = x.data();
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t i = n % different;
    const double u = random.uniforms(static_cast<std::uint64_t>(i))[0];
    const double position = stratified ? (static_cast<double>(i) + u) / static_cast<double>(different) : u;
    const auto run = std::min(available - 1, static_cast<std::int64_t>(position * static_cast<double>(available)));
    const auto at = static_cast<std::size_t>(start + run);
    const auto particle = anchor->order.empty() ? at : static_cast<std::size_t>(anchor->order[at]);
    const auto row = static_cast<std::ptrdiff_t>(particle * d);
    sample = std::copy_n(frame->samples.begin() + row, d, sample);
    if (velocity) velocity = std::copy_n(frame->velocities.begin() + row, d, velocity);
  }
}

/// Independent particles; between two frames each is interpolated along its own trajectory, the short way round.
void Particles::draw_trajectories(const Group& group, Source from, std::span<float> x, float* velocity) const {
  const auto [before, after, fraction] = bracket(marginals_.times(group.mu_index), group.time);
  const auto first = frames_->get(group.mu_index, before), second = frames_->get(group.mu_index, after);
  const auto d = static_cast<std::size_t>(header().dimension());
  const Philox random(from.seed, kParticleStream);
  const auto f = static_cast<float>(fraction);
  float* sample = x.data();
  for (std::size_t i = 0; i < x.size() / d; ++i) {
    const auto at = static_cast<std::size_t>(pick(random, i, from.subset)) * d;
    for (std::size_t c = 0; c < d; ++c, ++sample) {
      float step = second->samples[at + c] - first->samples[at + c];
      if (normalizer_.periods[c] > 0) {
        const auto period = static_cast<float>(normalizer_.normalized_period(static_cast<std::int64_t>(c)));
        step -= period * std::round(step / period);
      }
      *sample = first->samples[at + c] + f * step;
      if (velocity) *velocity++ = (1 - f) * first->velocities[at + c] + f * second->velocities[at + c];
    }
  }
}

/// Independent or stratified particles; between two frames each is drawn from the earlier or the later one with the
/// probabilities of linear interpolation in time.
void Particles::draw_marginals(const Group& group, Source from, std::span<float> x, float* velocity) const {
  const auto [before, after, fraction] = bracket(marginals_.times(group.mu_index), group.time);
  const auto d = static_cast<std::size_t>(header().dimension());
  const auto [start, available] = range_of(from.subset);
  const Philox random(from.seed, kParticleStream);
  const bool stratified = sampling_ == SamplingKind::stratified;
  const auto count = static_cast<std::int64_t>(x.size() / d);
  std::shared_ptr<const data::Frame> frame[2];
  if (fraction < 1) frame[0] = frames_->get(group.mu_index, before);
  if (fraction > 0) frame[1] = frames_->get(group.mu_index, after);
  float* sample = x.data();
  for (std::int64_t i = 0; i < count; ++i) {
    const auto [u, choice] = random.uniforms(static_cast<std::uint64_t>(i));
    const double position = stratified ? (static_cast<double>(i) + u) / static_cast<double>(count) : u;
    const auto index = std::min(available - 1, static_cast<std::int64_t>(position * static_cast<double>(available)));
    const auto at = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(start + index) * d);
    const data::Frame& source = *frame[choice < fraction ? 1 : 0];
    sample = std::copy_n(source.samples.begin() + at, d, sample);
    if (velocity) velocity = std::copy_n(source.velocities.begin() + at, d, velocity);
  }
}

}  // namespace scorefield::training
