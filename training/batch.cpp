#include "training/batch.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.hpp"
#include "training/random_streams.hpp"
#include "training/space_filling.hpp"
#include "training/velocity_source.hpp"

namespace scorefield::training {
namespace {

/// Whether particles are brought into the order along the curve, or stay in place with the order beside them, so that a
/// particle can be found again in another frame.
enum class OrderKind { none, in_place, beside };

/// Brings a frame to normalised units, and orders its training and validation parts along a Hilbert curve.
class PrepareFrame {
 public:
  PrepareFrame(const models::Normalizer& normalizer, std::int64_t training_particles, OrderKind order)
      : normalizer_(normalizer), training_particles_(training_particles), order_(order) {}

  void operator()(data::Frame& frame) const {
    const auto d = static_cast<std::size_t>(normalizer_.dimension());
    for (std::size_t c = 0; c < d; ++c) {
      const double center = normalizer_.center[c], factor = 1 / normalizer_.scale[c];
      for (std::size_t i = c; i < frame.samples.size(); i += d)
        frame.samples[i] = static_cast<float>((frame.samples[i] - center) * factor);
      for (std::size_t i = c; i < frame.velocities.size(); i += d)
        frame.velocities[i] = static_cast<float>(frame.velocities[i] * (normalizer_.time_span * factor));
    }
    if (order_ == OrderKind::none) return;
    const auto count = static_cast<std::int64_t>(frame.samples.size() / d);
    order_range(frame, 0, training_particles_);
    order_range(frame, training_particles_, count - training_particles_);
  }

 private:
  void order_range(data::Frame& frame, std::int64_t first, std::int64_t count) const {
    const auto d = static_cast<std::size_t>(normalizer_.dimension());
    const auto start = static_cast<std::size_t>(first) * d, size = static_cast<std::size_t>(count) * d;
    const auto order =
        hilbert_order(std::span<const float>(frame.samples).subspan(start, size), normalizer_.dimension());
    if (order_ == OrderKind::beside) {
      for (const std::int64_t at : order) frame.order.push_back(static_cast<std::int32_t>(first + at));
      return;
    }
    const auto permute = [&](std::vector<float>& values) {
      if (values.empty()) return;
      std::vector<float> sorted(size);
      for (std::size_t p = 0; p < order.size(); ++p)
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(start + static_cast<std::size_t>(order[p]) * d), d,
                    sorted.begin() + static_cast<std::ptrdiff_t>(p * d));
      std::copy(sorted.begin(), sorted.end(), values.begin() + static_cast<std::ptrdiff_t>(start));
    };
    permute(frame.velocities);
    permute(frame.samples);
  }

  models::Normalizer normalizer_;
  std::int64_t training_particles_;
  OrderKind order_;
};

}  // namespace

BatchSource::BatchSource(data::DatasetReader reader, const models::Normalizer& normalizer, const TrainConfig& config,
                         std::int64_t seed, Share share)
    : normalizer_(normalizer),
      known_drift_(learns_distribution(config.loss.kind) ? models::KnownDriftKind::none : config.model.known_drift,
                   normalizer),
      config_(config),
      seed_(static_cast<std::uint64_t>(seed)),
      share_(share),
      with_velocities_(config.loss.kind == LossKind::velocity) {
  const auto& header = reader.header();
  if (with_velocities_) velocities_ = choose_velocities(reader, config);
  jitter_slope_ =
      training::jitter_slope(header, normalizer_, config_, with_velocities_ && velocities_ == VelocityKind::stored);
  if (groups() < share.size)
    throw UsageError(std::to_string(share.size) + " processes cannot share the " + std::to_string(groups()) +
                     " groups (mu, time) of a batch. Start fewer, or raise batch.mu, batch.nodes or quadrature.nodes.");
  const bool differences = with_velocities_ && velocities_ == VelocityKind::differences;
  if (header.particles < 2)
    throw FileError(reader.path(), "holds " + std::to_string(header.particles) +
                                       " particle per frame, training needs "
                                       "at least 2, some of them for validation.");
  const auto held_out =
      static_cast<std::int64_t>(std::ceil(config.training.validation_fraction * static_cast<double>(header.particles)));
  training_particles_ = header.particles - std::max<std::int64_t>(1, held_out);
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    times_.push_back(
        choose_times(header.time, derive_seed(seed_, kMissingStream, static_cast<std::uint64_t>(m)), differences));
  if (header.dimension() > kMaxHilbertDimension) config_.batch.sampling = SamplingKind::random;
  // The particles of a pair of frames must be the same ones where that is known.
  const bool follow = config.loss.kind == LossKind::dice && header.identity == data::Identity::trajectories;
  const auto order = config_.batch.sampling == SamplingKind::random ? OrderKind::none
                     : follow                                       ? OrderKind::beside
                                                                    : OrderKind::in_place;
  frames_ = std::make_unique<data::FrameCache>(std::move(reader), config.training.memory_limit << 20,
                                               !with_velocities_ ? data::Velocities::none
                                               : differences     ? data::Velocities::differences
                                                                 : data::Velocities::stored,
                                               PrepareFrame(normalizer_, training_particles_, order));
}

std::string BatchSource::velocity_source() const {
  return with_velocities_ ? describe(velocities_, header()) : std::string();
}

std::int64_t BatchSource::groups() const {
  const std::int64_t nodes = config_.batch.mu * config_.batch.nodes;
  if (config_.loss.kind == LossKind::dice) return 4 * nodes;
  if (config_.loss.kind != LossKind::action_matching) return nodes;
  const std::int64_t own_ends = config_.quadrature.end_groups - (includes_ends(config_.quadrature.kind) ? 1 : 0);
  return config_.batch.mu * (config_.quadrature.nodes + 2 * own_ends);
}

BatchSource::Times BatchSource::choose_times(const std::vector<double>& all, std::uint64_t seed, bool inner) const {
  Times times;
  const auto last = static_cast<std::int64_t>(all.size()) - 1;
  for (std::int64_t k = 0; k <= last; ++k) {
    if (inner && (k == 0 || k == last)) continue;
    const bool end = inner ? k == 1 || k == last - 1 : k == 0 || k == last;
    if (!end && uniform(seed, kMissingStream, static_cast<std::uint64_t>(k)) >= config_.batch.keep_times) continue;
    times.frame.push_back(k);
    times.time.push_back(normalizer_.normalized_time(all[static_cast<std::size_t>(k)]));
  }
  return times;
}

std::vector<std::int64_t> BatchSource::choose_mu(std::uint64_t step_seed) const {
  // Without replacement as long as there are values left: every step sees all mu equally often.
  const std::int64_t available = header().mu_count();
  std::vector<std::int64_t> order;
  for (std::int64_t round = 0; static_cast<std::int64_t>(order.size()) < config_.batch.mu; ++round) {
    std::vector<std::int64_t> shuffled(static_cast<std::size_t>(available));
    std::iota(shuffled.begin(), shuffled.end(), 0);
    const Philox random(step_seed, kMuStream);
    for (std::int64_t i = available - 1; i > 0; --i) {
      const auto j =
          random.integer(static_cast<std::uint64_t>(round * available + i), static_cast<std::uint64_t>(i + 1));
      std::swap(shuffled[static_cast<std::size_t>(i)], shuffled[j]);
    }
    order.insert(order.end(), shuffled.begin(), shuffled.end());
  }
  order.resize(static_cast<std::size_t>(config_.batch.mu));
  return order;
}

double BatchSource::node_time(std::uint64_t step_seed, std::size_t mu, std::int64_t node) const {
  const auto index = mu * static_cast<std::uint64_t>(config_.batch.nodes) + static_cast<std::uint64_t>(node);
  return (static_cast<double>(node) + uniform(step_seed, kTimeStream, index)) /
         static_cast<double>(config_.batch.nodes);
}

/// Index in times_[mu_index].
std::int64_t BatchSource::nearest_frame(std::int64_t mu_index, double t) const {
  const auto& times = times_[static_cast<std::size_t>(mu_index)].time;
  const auto last = static_cast<std::int64_t>(times.size()) - 1;
  auto k = std::min<std::int64_t>(std::lower_bound(times.begin(), times.end(), t) - times.begin(), last);
  if (k > 0 && t - times[static_cast<std::size_t>(k - 1)] < times[static_cast<std::size_t>(k)] - t) --k;
  return k;
}

std::vector<BatchSource::Group> BatchSource::velocity_groups(std::uint64_t step_seed) const {
  // Times are frames with trapezoid weights, one from each of `nodes` equal parts of [0, 1] for every mu.
  const auto mu = choose_mu(step_seed);
  const std::int64_t nodes = config_.batch.nodes;
  std::vector<Group> groups;
  for (std::size_t m = 0; m < mu.size(); ++m)
    for (std::int64_t q = 0; q < nodes; ++q) {
      const auto k = static_cast<std::size_t>(nearest_frame(mu[m], node_time(step_seed, m, q)));
      kernels::GroupTerms terms{.kinetic = 1, .velocity = -1};
      terms.scale = 1.0 / static_cast<double>(config_.batch.mu * nodes * config_.batch.particles);
      groups.push_back({.mu_index = mu[m], .time = times_[static_cast<std::size_t>(mu[m])].time[k], .terms = terms});
    }
  return groups;
}

std::vector<BatchSource::Group> BatchSource::quadrature_groups(std::uint64_t step_seed) const {
  const double per_sample = 1.0 / static_cast<double>(config_.batch.mu * config_.batch.particles);
  const bool ends = includes_ends(config_.quadrature.kind);
  const auto end_groups = config_.quadrature.end_groups;
  const double end_share = 1.0 / static_cast<double>(end_groups);
  std::vector<Group> groups;
  std::uint64_t place = 0;
  for (const std::int64_t m : choose_mu(step_seed)) {
    auto rule = make_quadrature(config_.quadrature, step_seed, place++);  // random nodes differ between values of mu
    if (config_.quadrature.at_frames)
      rule = at_times(rule, config_.quadrature.kind, times_[static_cast<std::size_t>(m)].time);
    for (std::size_t q = 0; q < rule.nodes.size(); ++q) {
      kernels::GroupTerms terms{.kinetic = 1, .time = 1, .scale = rule.weights[q] * per_sample};
      // + mean s at t = 0 and - mean s at t = 1, also on the samples of the rule's own end nodes where it has them.
      if (ends && q == 0) terms.potential = end_share / rule.weights[q];
      if (ends && q + 1 == rule.nodes.size()) terms.potential = -end_share / rule.weights[q];
      groups.push_back({.mu_index = m, .time = rule.nodes[q], .terms = terms});
    }
    for (std::int64_t e = ends ? 1 : 0; e < end_groups; ++e) {
      const double scale = per_sample * end_share;
      groups.push_back({.mu_index = m, .time = 0, .terms = {.kinetic = 0, .potential = 1, .scale = scale}});
      groups.push_back({.mu_index = m, .time = 1, .terms = {.kinetic = 0, .potential = -1, .scale = scale}});
    }
  }
  return groups;
}

Batch BatchSource::make(std::int64_t step, Subset subset) {
  const auto step_seed = derive_seed(seed_, subset == Subset::training ? kStepStream : kValidationStream,
                                     static_cast<std::uint64_t>(step));
  const auto chosen = make_groups(step_seed);
  const auto total = static_cast<std::int64_t>(chosen.size());
  const std::int64_t begin = total * share_.rank / share_.size, count = total * (share_.rank + 1) / share_.size - begin;
  const std::int64_t particles = config_.batch.particles, d = header().dimension();
  const bool conditional = is_conditional(config_.loss.kind);
  const auto p = static_cast<std::int64_t>(header().mu_names.size()) + (conditional ? 1 : 0);
  const bool from_jitter = targets_from_jitter();
  const double deviation = subset == Subset::training || from_jitter ? jitter(step) : 0;
  Batch batch;
  batch.first_group = begin;
  batch.total_groups = total;
  batch.x = torch::empty({count, particles, d});
  const bool without_data = from_jitter || !known_drift_.empty();  // targets that snapshots have, too
  const bool with_targets = with_velocities_ || learns_distribution(config_.loss.kind) || without_data;
  if (with_targets) batch.velocity = torch::empty({count, particles, d});
  if (without_data && !with_velocities_) batch.velocity.zero_();
  batch.mu = torch::empty({count, p});
  batch.t = torch::empty({count});
  for (std::int64_t g = 0; g < count; ++g) {
    const Group& group = chosen[static_cast<std::size_t>(begin + g)];
    batch.terms.push_back(group.terms);
    if (without_data) batch.terms.back().velocity = -group.terms.kinetic;
    batch.t.data_ptr<float>()[g] = static_cast<float>(group.time);
    const auto mu = normalizer_.normalized_mu(header().mu[static_cast<std::size_t>(group.mu_index)]);
    std::copy(mu.begin(), mu.end(), batch.mu.data_ptr<float>() + g * p);
    if (conditional) batch.mu.data_ptr<float>()[g * p + p - 1] = static_cast<float>(group.level);
    // Groups that choose alike have numbers of their own, apart from those of all groups.
    const auto number = group.shared < 0 ? begin + g : total + group.shared;
    const auto group_seed = derive_seed(step_seed, kGroupStream, static_cast<std::uint64_t>(number));
    float* x = batch.x.data_ptr<float>() + g * particles * d;
    float* target = with_targets ? batch.velocity.data_ptr<float>() + g * particles * d : nullptr;
    draw(group, group_seed, subset, x, with_velocities_ ? target : nullptr);
    if (deviation > 0) add_jitter(group_seed, deviation, x, from_jitter ? target : nullptr);
    if (learns_distribution(config_.loss.kind)) add_noise(group, group_seed, x, target);
    if (!known_drift_.empty()) {
      const auto values = static_cast<std::size_t>(particles * d);
      known_drift_.subtract_from({target, values}, {x, values});
    }
  }
  if (config_.loss.kind == LossKind::action_matching && config_.loss.gauge > 0)
    batch.gauge = gauge_points(step_seed, subset);
  return batch;
}

/// Particles of any mu and time, the same ones for all groups of the batch.
torch::Tensor BatchSource::gauge_points(std::uint64_t step_seed, Subset subset) {
  const auto d = header().dimension();
  auto points = torch::empty({config_.loss.gauge, d});
  const Philox random(step_seed, kGaugeStream);
  for (std::int64_t r = 0; r < config_.loss.gauge; ++r) {
    const auto index = 3 * static_cast<std::uint64_t>(r);
    const auto m = static_cast<std::int64_t>(random.integer(index, static_cast<std::uint64_t>(header().mu_count())));
    const auto& kept = times_[static_cast<std::size_t>(m)].frame;
    const auto k = static_cast<std::size_t>(random.integer(index + 1, kept.size()));
    const auto particle = pick(random, index + 2, subset);
    const auto frame = frames_->get(m, kept[k]);
    std::copy_n(frame->samples.begin() + static_cast<std::ptrdiff_t>(particle * d), d,
                points.data_ptr<float>() + r * d);
  }
  return points;
}

BatchSource::ParticleRange BatchSource::particles_of(Subset subset) const {
  if (subset == Subset::training) return {0, training_particles_};
  return {training_particles_, header().particles - training_particles_};
}

/// One particle of a subset.
std::int64_t BatchSource::pick(const Philox& random, std::uint64_t index, Subset subset) const {
  const auto [first, available] = particles_of(subset);
  return first + static_cast<std::int64_t>(random.integer(index, static_cast<std::uint64_t>(available)));
}

namespace {

/// The frames (in the file) around a time and the weight of the later one.
struct Bracket {
  std::int64_t before, after;
  double fraction;
};

Bracket bracket(const std::vector<std::int64_t>& frames, const std::vector<double>& times, double t) {
  const auto last = static_cast<std::int64_t>(times.size()) - 1;
  const auto after = std::clamp<std::int64_t>(std::lower_bound(times.begin(), times.end(), t) - times.begin(), 1, last);
  const double low = times[static_cast<std::size_t>(after - 1)], high = times[static_cast<std::size_t>(after)];
  const double fraction = std::clamp((t - low) / (high - low), 0.0, 1.0);
  // Rounding must not mix a frame with its neighbour.
  return {frames[static_cast<std::size_t>(after - 1)], frames[static_cast<std::size_t>(after)],
          fraction < 1e-9       ? 0.0
          : fraction > 1 - 1e-9 ? 1.0
                                : fraction};
}

}  // namespace

std::vector<BatchSource::Group> BatchSource::make_groups(std::uint64_t step_seed) const {
  if (learns_distribution(config_.loss.kind)) return noise_groups(step_seed);
  switch (config_.loss.kind) {
    case LossKind::velocity:
      return velocity_groups(step_seed);
    case LossKind::dice:
      return pair_groups(step_seed);
    default:
      return quadrature_groups(step_seed);
  }
}

void BatchSource::draw(const Group& group, std::uint64_t group_seed, Subset subset, float* x, float* velocity) {
  if (group.frame >= 0) return draw_frame(group, group_seed, subset, x, velocity);
  const bool follow =
      config_.batch.sampling == SamplingKind::random && header().identity == data::Identity::trajectories;
  if (follow) draw_trajectories(group, group_seed, subset, x, velocity);
  else draw_marginals(group, group_seed, subset, x, velocity);
}

/// Independent particles; between two frames each is interpolated along its own trajectory, the short way round.
void BatchSource::draw_trajectories(const Group& group, std::uint64_t group_seed, Subset subset, float* x,
                                    float* velocity) {
  const auto [before, after, fraction] = bracket(times_[static_cast<std::size_t>(group.mu_index)].frame,
                                                 times_[static_cast<std::size_t>(group.mu_index)].time, group.time);
  const auto first = frames_->get(group.mu_index, before), second = frames_->get(group.mu_index, after);
  const auto d = static_cast<std::size_t>(header().dimension());
  const Philox random(group_seed, kParticleStream);
  const auto f = static_cast<float>(fraction);
  for (std::int64_t i = 0; i < config_.batch.particles; ++i) {
    const auto at = static_cast<std::size_t>(pick(random, static_cast<std::uint64_t>(i), subset)) * d;
    for (std::size_t c = 0; c < d; ++c, ++x) {
      float step = second->samples[at + c] - first->samples[at + c];
      if (normalizer_.periods[c] > 0) {
        const auto period = static_cast<float>(normalizer_.normalized_period(static_cast<std::int64_t>(c)));
        step -= period * std::round(step / period);
      }
      *x = first->samples[at + c] + f * step;
      if (velocity) *velocity++ = (1 - f) * first->velocities[at + c] + f * second->velocities[at + c];
    }
  }
}

/// Independent or stratified particles; between two frames each is drawn from the earlier or the later one with the
/// probabilities of linear interpolation in time.
void BatchSource::draw_marginals(const Group& group, std::uint64_t group_seed, Subset subset, float* x,
                                 float* velocity) {
  const auto [before, after, fraction] = bracket(times_[static_cast<std::size_t>(group.mu_index)].frame,
                                                 times_[static_cast<std::size_t>(group.mu_index)].time, group.time);
  const auto d = static_cast<std::size_t>(header().dimension());
  const auto [start, available] = particles_of(subset);
  const Philox random(group_seed, kParticleStream);
  const bool stratified = config_.batch.sampling == SamplingKind::stratified;
  const std::int64_t count = config_.batch.particles;
  std::shared_ptr<const data::Frame> frame[2];
  if (fraction < 1) frame[0] = frames_->get(group.mu_index, before);
  if (fraction > 0) frame[1] = frames_->get(group.mu_index, after);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto [u, choice] = random.uniforms(static_cast<std::uint64_t>(i));
    const double position = stratified ? (static_cast<double>(i) + u) / static_cast<double>(count) : u;
    const auto index = std::min(available - 1, static_cast<std::int64_t>(position * static_cast<double>(available)));
    const auto at = static_cast<std::size_t>(start + index) * d;
    const data::Frame& source = *frame[choice < fraction ? 1 : 0];
    x = std::copy_n(source.samples.begin() + static_cast<std::ptrdiff_t>(at), d, x);
    if (velocity) velocity = std::copy_n(source.velocities.begin() + static_cast<std::ptrdiff_t>(at), d, velocity);
  }
}

double BatchSource::jitter(std::int64_t step) const {
  if (config_.batch.jitter_end < 0) return config_.batch.jitter;
  const double progress = std::min(1.0, static_cast<double>(step) / static_cast<double>(config_.training.steps));
  return config_.batch.jitter + (config_.batch.jitter_end - config_.batch.jitter) * progress;
}

/// x -> x + delta xi; where given, target -> target + slope xi / delta.
void BatchSource::add_jitter(std::uint64_t group_seed, double deviation, float* x, float* target) const {
  const Philox random(group_seed, kJitterStream);
  const std::int64_t d = header().dimension(), values = config_.batch.particles * d;
  for (std::int64_t i = 0; i < values; i += 2) {
    const auto pair = random.normals(static_cast<std::uint64_t>(i / 2));
    for (std::int64_t j = i; j < std::min(i + 2, values); ++j) {
      const double xi = pair[static_cast<std::size_t>(j - i)];
      x[j] += static_cast<float>(deviation * xi);
      if (target) target[j] += static_cast<float>(jitter_slope_[static_cast<std::size_t>(j % d)] / deviation * xi);
    }
  }
}

}  // namespace scorefield::training
