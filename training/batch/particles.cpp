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

/// @throws FileError for a frame that cannot be shared between training and validation
void check_particles(const data::DatasetReader& reader) {
  const auto& header = reader.header();
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::size_t k = 0; k < header.times(m).size(); ++k)
      if (header.particles_at(m, static_cast<std::int64_t>(k)) < 2)
        throw FileError(reader.path(),
                        "holds 1 particle per frame" +
                            (header.ragged() ? " at mu " + std::to_string(m) + ", time " + std::to_string(k) : "") +
                            ", training needs at least 2, some of them for validation.");
}

/// Consecutive places of a frame.
struct Range {
  std::int64_t first, count;
};

Range range_of(const data::Frame& frame, std::size_t d, Subset subset) {
  if (subset == Subset::training) return {0, frame.first_part};
  return {frame.first_part, static_cast<std::int64_t>(frame.samples.size() / d) - frame.first_part};
}

/// The place at a share, in [0, 1), of what the particles of a range weigh.
std::int64_t place_at(const data::Frame& frame, const Range& range, double share) {
  if (frame.summed.empty())
    return range.first + std::min(range.count - 1, static_cast<std::int64_t>(share * static_cast<double>(range.count)));
  const auto begin = frame.summed.begin() + range.first, end = begin + range.count;
  const auto found = std::upper_bound(begin, end, share * *(end - 1)) - begin;
  return range.first + std::min<std::int64_t>(range.count - 1, found);
}

/// One particle of a subset, its row.
std::size_t pick(const data::Frame& frame, const Range& range, const Philox& random, std::uint64_t index) {
  if (!frame.summed.empty()) return static_cast<std::size_t>(place_at(frame, range, random.uniforms(index)[0]));
  return static_cast<std::size_t>(
      range.first + static_cast<std::int64_t>(random.integer(index, static_cast<std::uint64_t>(range.count))));
}

/// The frames (in the file) around a time and the weight of the later one.
struct Bracket {
  std::int64_t before, after;
  double fraction;
};

Bracket bracket(const MarginalIndex::Times& stored, double t) {
  const auto& times = stored.time;
  const auto last = static_cast<std::int64_t>(times.size()) - 1;
  if (last == 0) return {stored.frame[0], stored.frame[0], 0};
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
      marginals_(reader.header(), normalizer, config.batch, seed, needs.velocities == data::Velocities::differences),
      sampling_(reader.header().dimension() > kMaxHilbertDimension ? SamplingKind::random : config.batch.sampling) {
  const bool ordered = sampling_ != SamplingKind::random;
  check_particles(reader);
  const PrepareFrame prepare(normalizer_, reader.header(), config.training.validation_fraction, ordered, seed);
  frames_ = std::make_unique<data::FrameCache>(std::move(reader), config.training.memory_limit << 20, needs.velocities,
                                               prepare, needs.differences);
}

void Particles::draw_anywhere(Source from, std::span<float> x) const {
  const auto d = static_cast<std::size_t>(header().dimension());
  const Philox random(from.seed, kGaugeStream);
  for (std::size_t r = 0; r < x.size() / d; ++r) {
    const auto index = 3 * static_cast<std::uint64_t>(r);
    const auto m = static_cast<std::int64_t>(random.integer(index, static_cast<std::uint64_t>(header().mu_count())));
    const auto& kept = marginals_.times(m).frame;
    const auto k = static_cast<std::size_t>(random.integer(index + 1, kept.size()));
    const auto frame = frames_->get(m, kept[k]);
    const auto particle = pick(*frame, range_of(*frame, d, from.subset), random, index + 2);
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

/// Particles of one frame, chosen at random or from equal runs of its order.
void Particles::draw_frame(const Group& group, Source from, std::span<float> x, float* velocity) const {
  const auto d = static_cast<std::size_t>(header().dimension());
  const bool stratified = sampling_ == SamplingKind::stratified;
  const auto count = static_cast<std::int64_t>(x.size() / d), different = (count + group.copies - 1) / group.copies;
  const Philox random(from.seed, kParticleStream);
  const auto frame = frames_->get(group.mu_index, group.frame);
  const Range range = range_of(*frame, d, from.subset);
  float* sample = x.data();
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t i = n % different;
    const double u = random.uniforms(static_cast<std::uint64_t>(i))[0];
    const double position = stratified ? (static_cast<double>(i) + u) / static_cast<double>(different) : u;
    const auto row = place_at(*frame, range, position) * static_cast<std::ptrdiff_t>(d);
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
  const Range range = range_of(*first, d, from.subset);
  float* sample = x.data();
  for (std::size_t i = 0; i < x.size() / d; ++i) {
    const bool later = !first->summed.empty() && random.uniforms(i)[1] < fraction;  // whose weights choose
    const auto at = pick(later ? *second : *first, range, random, i) * d;
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
    const data::Frame& source = *frame[choice < fraction ? 1 : 0];
    const auto at = place_at(source, range_of(source, d, from.subset), position) * static_cast<std::ptrdiff_t>(d);
    sample = std::copy_n(source.samples.begin() + at, d, sample);
    if (velocity) velocity = std::copy_n(source.velocities.begin() + at, d, velocity);
  }
}

}  // namespace scorefield::training
