#include "training/losses/differences.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "core/text.hpp"
#include "data/common_particles.hpp"
#include "data/coordinates.hpp"

namespace scorefield::training {
namespace {

/// Of a dataset that much is measured: values of mu, frames of each, particles of each frame.
constexpr std::int64_t kMu = 4, kMeasuredFrames = 12, kParticles = 4000;
/// Of steps in a period: a share of them beyond that part of half of it is too many.
constexpr double kNear = 0.8, kTooMany = 0.01;

std::vector<std::int64_t> spread(std::int64_t first, std::int64_t last, std::int64_t most) {
  std::vector<std::int64_t> chosen;
  const std::int64_t count = std::min(most, last - first + 1);
  for (std::int64_t i = 0; i < count; ++i)
    chosen.push_back(count > 1 ? first + i * (last - first) / (count - 1) : (first + last) / 2);
  return chosen;
}

/// Measures trajectories.
class Measurement {
 public:
  Measurement(const data::DatasetReader& reader, const MarginalIndex& marginals)
      : reader_(reader), header_(reader.header()), marginals_(marginals), d_(header_.coordinates.size()) {}

  [[nodiscard]] bool uneven() const;
  [[nodiscard]] std::vector<bool> rough() const;
  [[nodiscard]] std::vector<std::string> check_steps() const;

 private:
  using Frames = std::vector<data::Frame>;

  /// Number `at` of the frames of one mu that are trained on, and others so many numbers away: the same particles in
  /// the same rows.
  [[nodiscard]] Frames read(std::int64_t mu, std::int64_t at, const std::vector<std::int64_t>& others) const;
  [[nodiscard]] double time(std::int64_t mu, std::int64_t at) const {
    return header_.times(mu)[static_cast<std::size_t>(frames(mu)[static_cast<std::size_t>(at)])];
  }
  [[nodiscard]] const std::vector<std::int64_t>& frames(std::int64_t mu) const { return marginals_.times(mu).frame; }
  [[nodiscard]] std::int64_t last(std::int64_t mu) const { return static_cast<std::int64_t>(frames(mu).size()) - 1; }
  [[nodiscard]] double short_way(double step, std::size_t c) const {
    const double period = header_.periods[c];
    return period > 0 ? step - period * std::round(step / period) : step;
  }

  /// Mean squares per coordinate around one frame: of the second difference, and of both one-sided velocities.
  struct Squares {
    std::vector<double> second, first;
  };
  [[nodiscard]] Squares squares(const Frames& three, double before, double after) const;
  void check_coordinate(std::size_t c, std::vector<std::string>& warnings) const;

  const data::DatasetReader& reader_;
  const data::DatasetHeader& header_;
  const MarginalIndex& marginals_;
  std::size_t d_;
};

bool Measurement::uneven() const {
  for (std::int64_t m = 0; m < header_.mu_count(); ++m)
    for (std::int64_t k = 1; k < last(m); ++k)
      if (data::uneven(time(m, k) - time(m, k - 1), time(m, k + 1) - time(m, k))) return true;
  return false;
}

Measurement::Frames Measurement::read(std::int64_t mu, std::int64_t at, const std::vector<std::int64_t>& others) const {
  Frames read(1 + others.size());
  std::vector<data::Frame*> pointers;
  for (std::size_t i = 0; i < read.size(); ++i) {
    const auto frame = frames(mu)[static_cast<std::size_t>(i == 0 ? at : at + others[i - 1])];
    auto stored = reader_.read_frame(mu, frame);
    read[i].samples = std::move(stored.samples);
    read[i].velocities = std::move(stored.velocities);
    if (header_.follows_by_id()) read[i].id = std::move(stored.id);
    pointers.push_back(&read[i]);
  }
  if (header_.follows_by_id()) data::keep_common(d_, pointers);
  for (auto& frame : read)
    frame.samples.resize(std::min(frame.samples.size(), static_cast<std::size_t>(kParticles) * d_));
  return read;
}

Measurement::Squares Measurement::squares(const Frames& three, double before, double after) const {
  Squares sums{std::vector<double>(d_), std::vector<double>(d_)};
  const auto& here = three[0].samples;
  const double count = static_cast<double>(here.size() / d_);
  for (std::size_t i = 0; i < here.size(); ++i) {
    const double x = here[i];
    const double a = short_way(three[2].samples[i] - x, i % d_) / after;
    const double b = short_way(x - three[1].samples[i], i % d_) / before;
    sums.second[i % d_] += (a - b) * (a - b) / count;
    sums.first[i % d_] += (a * a + b * b) / count;
  }
  return sums;
}

std::vector<bool> Measurement::rough() const {
  std::vector<double> scaling(d_), second(d_), first(d_);  // log of the growth of r^2 beside the middle of both laws
  std::int64_t measured = 0;
  for (const std::int64_t m : spread(0, header_.mu_count() - 1, kMu)) {
    const bool doubled = last(m) >= 4;
    const std::int64_t reach = doubled ? 2 : 1;
    for (const std::int64_t k : spread(reach, last(m) - reach, kMeasuredFrames)) {
      const auto steps = [&](std::int64_t lag) {
        return std::pair(time(m, k) - time(m, k - lag), time(m, k + lag) - time(m, k));
      };
      const auto [before, after] = steps(1);
      const auto near = squares(read(m, k, {-1, 1}), before, after);
      for (std::size_t c = 0; c < d_; ++c) {
        second[c] += near.second[c];
        first[c] += near.first[c];
      }
      if (!doubled) continue;
      const auto [far_before, far_after] = steps(2);
      const auto far = squares(read(m, k, {-2, 2}), far_before, far_after);
      const double of_rough = std::log((1 / far_before + 1 / far_after) / (1 / before + 1 / after));
      const double of_smooth = 2 * std::log((far_before + far_after) / (before + after));
      for (std::size_t c = 0; c < d_; ++c)
        scaling[c] +=
            std::log(std::max(far.second[c], 1e-300) / std::max(near.second[c], 1e-300)) - (of_rough + of_smooth) / 2;
      ++measured;
    }
  }
  std::vector<bool> result;
  for (std::size_t c = 0; c < d_; ++c) {
    const bool straight = second[c] <= 1e-8 * first[c];  // nothing but rounding is left
    result.push_back(!straight && (measured > 0 ? scaling[c] < 0 : second[c] > first[c] / 2));
  }
  return result;
}

std::vector<std::string> Measurement::check_steps() const {
  std::vector<std::string> warnings;
  for (std::size_t c = 0; c < d_; ++c)
    if (header_.periods[c] > 0) check_coordinate(c, warnings);
  return warnings;
}

/// Steps from frame to frame of a periodic coordinate, with what velocities say of them.
void Measurement::check_coordinate(std::size_t c, std::vector<std::string>& warnings) const {
  const double period = header_.periods[c];
  const auto own = data::velocity_coordinates(header_.coordinates)[c];
  double count = 0, far = 0, fast = 0, agree = 0, longest = 0;
  for (const std::int64_t m : spread(0, header_.mu_count() - 1, kMu))
    for (const std::int64_t k : spread(0, last(m) - 1, kMeasuredFrames)) {
      const auto two = read(m, k, {1});
      const double dt = time(m, k + 1) - time(m, k);
      longest = std::max(longest, dt);
      for (std::size_t i = c; i < two[0].samples.size(); i += d_) {
        const double step = short_way(static_cast<double>(two[1].samples[i]) - two[0].samples[i], c);
        ++count;
        if (std::abs(step) > kNear * period / 2) ++far;
        const float* velocity = header_.has_velocities ? &two[0].velocities[i]
                                : own >= 0             ? &two[0].samples[i - c + static_cast<std::size_t>(own)]
                                                       : nullptr;
        if (!velocity || std::abs(*velocity) * dt <= period / 2) continue;
        ++fast;
        if (std::abs(short_way(step - *velocity * dt, c)) < period / 10) ++agree;
      }
    }
  if (far <= kTooMany * count && fast <= kTooMany * count) return;
  const bool known = fast > kTooMany * count && agree > fast / 2;
  std::ostringstream text;
  text.precision(3);
  text << std::round(100 * (known ? fast : std::max(far, fast)) / count) << " % of the particles go "
       << (known ? "further than half of the period of '" : "about half of the period of '") << header_.coordinates[c]
       << "' from one frame to the next (up to " << longest << " of time)" << (known ? " by their velocities" : "")
       << ": differences between frames " << (known ? "" : "may ") << "mistake their way. Store frames more often, or "
       << "velocities, or train with --set loss.name=dice.";
  if (!known) text << " Or the rows of two frames are different particles: then import.identity=marginals.";
  warnings.push_back(text.str());
}

std::string describe(const data::DatasetHeader& header, const std::vector<bool>& rough) {
  std::vector<std::string> rough_names, smooth_names;
  for (std::size_t c = 0; c < rough.size(); ++c)
    (rough[c] ? rough_names : smooth_names).push_back(header.coordinates[c]);
  std::string text;
  if (!rough_names.empty()) text = "mean of both sides for the stochastic " + comma_joined(rough_names);
  if (!smooth_names.empty())
    text += (text.empty() ? "" : ", ") + ("to second order for the smooth " + comma_joined(smooth_names));
  return text;
}

}  // namespace

DifferencePlan plan_differences(const data::DatasetReader& reader, const MarginalIndex& marginals, PathKind paths) {
  DifferencePlan plan;
  const auto& header = reader.header();
  for (std::int64_t m = 0; m < header.mu_count(); ++m) plan.differences.frames.push_back(marginals.times(m).frame);
  const Measurement measurement(reader, marginals);
  if (measurement.uneven()) {
    plan.differences.rough = paths == PathKind::automatic
                                 ? measurement.rough()
                                 : std::vector<bool>(header.coordinates.size(), paths == PathKind::rough);
    plan.description = describe(header, plan.differences.rough);
  }
  plan.warnings = measurement.check_steps();
  return plan;
}

}  // namespace scorefield::training
