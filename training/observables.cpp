#include "training/observables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <functional>
#include <numbers>
#include <string>

#include "core/dense/dense.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"

namespace scorefield::training {
namespace {

constexpr const char* kObservables = "/observables";
/// Up to so many coordinates all second moments are observed.
constexpr std::size_t kMostCoordinates = 16;
/// Numbers that are read of all frames together, and frames that are in memory at a time.
constexpr std::int64_t kMostNumbers = std::int64_t{1} << 29, kAtATime = 8;

using Eigen::Index;

std::vector<double> moments_of(const data::ParticleFrame& frame, const dense::Vector& shares,
                               const ObservableSpace& space, Index d) {
  const auto n = static_cast<Index>(frame.samples.size()) / d;
  const auto f = static_cast<Index>(space.free.size());
  if (f == 0) return {};
  dense::Matrix x(f, n);
  for (Index i = 0; i < n; ++i)
    for (Index k = 0; k < f; ++k) x(k, i) = frame.samples[i * d + space.free[k]];
  const dense::Vector mean = x * shares;
  std::vector<double> moments(mean.data(), mean.data() + f);
  if (space.covariance) {
    const dense::Matrix covariance = dense::covariance(x, mean, shares);
    for (Index k = 0; k < f; ++k)
      for (Index l = 0; l <= k; ++l) moments.push_back(covariance(k, l));
  } else {
    for (Index k = 0; k < f; ++k)
      moments.push_back((x.row(k).array() - mean[k]).square().matrix().dot(shares.transpose()));
  }
  return moments;
}

std::vector<double> modes_of(const data::ParticleFrame& frame, const dense::Vector& shares,
                             const ObservableSpace& space, const std::vector<double>& periods) {
  const std::size_t d = periods.size();
  std::vector<double> modes;
  for (const std::int64_t k : space.periodic) {
    std::array<std::complex<double>, kObservedModes> sums{};
    for (Index i = 0; i < shares.size(); ++i) {
      const double angle = 2 * std::numbers::pi * frame.samples[i * d + k] / periods[k];
      const std::complex<double> wave(std::cos(angle), std::sin(angle));
      std::complex<double> power = shares[i];
      for (auto& sum : sums) sum += power *= wave;
    }
    for (const auto& sum : sums) {
      modes.push_back(sum.real());
      modes.push_back(sum.imag());
    }
  }
  return modes;
}

Observables observables_of(const data::ParticleFrame& frame, const ObservableSpace& space,
                           const std::vector<double>& periods) {
  const auto d = static_cast<Index>(periods.size());
  const auto n = static_cast<Index>(frame.samples.size()) / d;
  dense::Vector shares = dense::Vector::Constant(n, 1 / static_cast<double>(n));
  if (!frame.weights.empty()) {
    shares = Eigen::Map<const Eigen::VectorXf>(frame.weights.data(), n).cast<double>();
    shares /= shares.sum();
  }
  return {moments_of(frame, shares, space, d), modes_of(frame, shares, space, periods)};
}

/// Frames of a mu that are read: `count` of `all`, with both ends.
std::vector<std::int64_t> spread_frames(std::int64_t all, std::int64_t count) {
  std::vector<std::int64_t> frames;
  for (std::int64_t i = 0; i < count; ++i) frames.push_back(count == 1 ? 0 : i * (all - 1) / (count - 1));
  return frames;
}

/// Weights of the (at most four) times around t, those of Lagrange's polynomial.
struct TimeWeights {
  std::size_t first = 0;
  std::vector<double> weights;
};
TimeWeights time_weights(const std::vector<double>& times, double t) {
  const std::size_t count = std::min<std::size_t>(4, times.size());
  const auto next = static_cast<std::size_t>(std::upper_bound(times.begin(), times.end(), t) - times.begin());
  const double at = std::clamp(t, times.front(), times.back());
  TimeWeights result{std::min(next < 2 ? 0 : next - 2, times.size() - count), std::vector<double>(count, 1.0)};
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < count; ++j)
      if (j != i)
        result.weights[i] *= (at - times[result.first + j]) / (times[result.first + i] - times[result.first + j]);
  return result;
}

void add_at(const std::vector<double>& course, const TimeWeights& times, double share, std::vector<double>& sum) {
  for (std::size_t i = 0; i < times.weights.size(); ++i)
    for (std::size_t k = 0; k < sum.size(); ++k)
      sum[k] += share * times.weights[i] * course[(times.first + i) * sum.size() + k];
}

std::vector<double> joined(const std::vector<std::vector<double>>& parts) {
  std::vector<double> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// [S, width] cut at the rows `start`.
std::vector<std::vector<double>> parted(const std::vector<double>& all, const std::vector<std::int64_t>& start,
                                        std::int64_t width) {
  std::vector<std::vector<double>> parts;
  for (std::size_t m = 0; m + 1 < start.size(); ++m)
    parts.emplace_back(all.begin() + start[m] * width, all.begin() + start[m + 1] * width);
  return parts;
}

}  // namespace

std::int64_t ObservableSpace::moments() const {
  const auto f = static_cast<std::int64_t>(free.size());
  return f + (covariance ? f * (f + 1) / 2 : f);
}

std::int64_t ObservableSpace::modes() const { return static_cast<std::int64_t>(periodic.size()) * kObservedModes * 2; }

ObservableSpace observable_space(const std::vector<double>& periods) {
  ObservableSpace space;
  for (std::size_t k = 0; k < periods.size(); ++k)
    (periods[k] > 0 ? space.periodic : space.free).push_back(static_cast<std::int64_t>(k));
  space.covariance = space.free.size() <= kMostCoordinates;
  return space;
}

Observables ObservableCourses::at(const data::MuWeights& runs, double t) const {
  Observables sum;
  for (const auto& [index, share] : runs) {
    const auto m = static_cast<std::size_t>(index);
    sum.moments.resize(moments[m].size() / time[m].size());
    sum.modes.resize(modes[m].size() / time[m].size());
    const auto weights = time_weights(time[m], t);
    add_at(moments[m], weights, share, sum.moments);
    add_at(modes[m], weights, share, sum.modes);
  }
  return sum;
}

ObservableCourses observable_courses_of(const data::DatasetReader& reader) {
  const auto& header = reader.header();
  const auto space = observable_space(header.periods);
  ObservableCourses courses;
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    const auto& times = header.times(m);
    const std::int64_t per_frame = header.mu_count() * header.particles_at(m, 0) * header.dimension();
    const auto all = static_cast<std::int64_t>(times.size());
    const auto frames = spread_frames(
        all, std::clamp(kMostNumbers / std::max<std::int64_t>(1, per_frame), std::min<std::int64_t>(2, all), all));
    auto& time = courses.time.emplace_back();
    auto& moments = courses.moments.emplace_back();
    auto& modes = courses.modes.emplace_back();
    for (std::size_t first = 0; first < frames.size(); first += kAtATime) {
      std::vector<data::ParticleFrame> read;
      for (std::size_t i = first; i < std::min(first + kAtATime, frames.size()); ++i) {
        read.push_back(reader.read_frame(m, frames[i]));
        time.push_back(times[static_cast<std::size_t>(frames[i])]);
      }
      std::vector<Observables> found(read.size());
      parallel_for(std::ssize(read), [&](std::int64_t i) {
        found[static_cast<std::size_t>(i)] = observables_of(read[static_cast<std::size_t>(i)], space, header.periods);
      });
      for (const auto& frame : found) {
        moments.insert(moments.end(), frame.moments.begin(), frame.moments.end());
        modes.insert(modes.end(), frame.modes.begin(), frame.modes.end());
      }
    }
  }
  return courses;
}

void write_observables(h5::File& file, const ObservableCourses& courses, const std::vector<double>& periods) {
  const auto space = observable_space(periods);
  std::vector<std::int64_t> start{0};
  for (const auto& times : courses.time) start.push_back(start.back() + std::ssize(times));
  const std::string group = kObservables;
  file.write<std::int64_t>(group + "/start", start, {std::ssize(start)});
  file.write<double>(group + "/time", joined(courses.time), {start.back()});
  if (space.moments() > 0)
    file.write<double>(group + "/moments", joined(courses.moments), {start.back(), space.moments()});
  if (space.modes() > 0)
    file.write<double>(group + "/modes", joined(courses.modes),
                       {start.back(), std::ssize(space.periodic), kObservedModes, 2});
}

std::optional<ObservableCourses> read_observables(const h5::File& file, std::int64_t mu_count,
                                                  const std::vector<double>& periods) {
  const std::string group = kObservables;
  if (!file.exists(group)) return std::nullopt;
  const auto space = observable_space(periods);
  const auto start = file.read<std::int64_t>(group + "/start");
  const auto times = file.read<double>(group + "/time");
  const auto read = [&](const char* name, std::int64_t width) {
    return width > 0 ? file.read<double>(group + name) : std::vector<double>{};
  };
  const auto moments = read("/moments", space.moments()), modes = read("/modes", space.modes());
  const auto rows = std::ssize(times);
  if (std::ssize(start) != mu_count + 1 || start.front() != 0 || start.back() != rows ||
      std::adjacent_find(start.begin(), start.end(), std::greater_equal<>()) != start.end() ||
      std::ssize(moments) != rows * space.moments() || std::ssize(modes) != rows * space.modes())
    throw FileError(file.path(), "the arrays of '/observables' do not fit each other. Train the model again.");
  return ObservableCourses{parted(times, start, 1), parted(moments, start, space.moments()),
                           parted(modes, start, space.modes())};
}

}  // namespace scorefield::training
