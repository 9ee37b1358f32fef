#include "training/fields/sde/noise_seen.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace scorefield::training {
namespace {

/// Looked at: runs, times of each, particles.
constexpr std::int64_t kRuns = 3, kTimes = 8, kParticles = 512;
/// Of the coordinates themselves over a step: jumps below are rounding.
constexpr double kRounding = 1e-5;

/// Sums of squared jumps of the velocity at a time, of steps to the neighbours and to those after them; of squared
/// steps, and of squared deviations from the mean.
struct Jumps {
  double single = 0, twice = 0, rounding = 0;
  double step = 0, spread = 0;

  [[nodiscard]] bool noisy() const { return single > rounding && twice < single && step < spread; }
};

/// Sum of squared deviations of a coordinate of n particles from their mean; one with a period has the whole of it.
double spread_of(const std::vector<float>& samples, std::size_t n, std::size_t d, std::size_t c, double period) {
  if (period > 0) return static_cast<double>(n) * period * period / 12;
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += samples[i * d + c];
    squares += std::pow(samples[i * d + c], 2);
  }
  return squares - sum * sum / static_cast<double>(n);
}

double way(double from, double to, double period) {
  const double step = to - from;
  return period > 0 ? step - period * std::round(step / period) : step;
}

void add_jumps(const data::DatasetReader& reader, std::int64_t mu_index, std::int64_t k, std::vector<Jumps>& jumps) {
  const auto& header = reader.header();
  const auto& t = header.times(mu_index);
  const auto d = static_cast<std::size_t>(header.dimension());
  std::array<std::vector<float>, 5> frames;
  for (std::int64_t i = 0; i < 5; ++i)
    frames[static_cast<std::size_t>(i)] = reader.read_frame(mu_index, k + i - 2).samples;
  const std::size_t n = std::min<std::size_t>(kParticles, frames[0].size() / d);
  const auto jump = [&](std::size_t i, std::size_t c, std::size_t reach) {
    const double before = t[k] - t[k - static_cast<std::int64_t>(reach)];
    const double after = t[k + static_cast<std::int64_t>(reach)] - t[k];
    const double here = frames[2][i * d + c];
    return way(here, frames[2 + reach][i * d + c], header.periods[c]) / after -
           way(frames[2 - reach][i * d + c], here, header.periods[c]) / before;
  };
  for (std::size_t c = 0; c < d; ++c) {
    jumps[c].spread += spread_of(frames[2], n, d, c, header.periods[c]);
    for (std::size_t i = 0; i < n; ++i) {
      jumps[c].step += std::pow(way(frames[2][i * d + c], frames[3][i * d + c], header.periods[c]), 2);
      jumps[c].single += std::pow(jump(i, c, 1), 2);
      jumps[c].twice += std::pow(jump(i, c, 2), 2);
      jumps[c].rounding += std::pow(kRounding * frames[2][i * d + c] / (t[k + 1] - t[k]), 2);
    }
  }
}

}  // namespace

std::vector<std::string> noise_seen(const data::DatasetReader& reader) {
  const auto& header = reader.header();
  if (!header.follows() || header.follows_by_id() || header.least_frames() < 5) return {};
  std::vector<Jumps> jumps(static_cast<std::size_t>(header.dimension()));
  const std::int64_t runs = std::min(kRuns, header.mu_count());
  for (std::int64_t r = 0; r < runs; ++r) {
    const std::int64_t m = runs == 1 ? 0 : r * (header.mu_count() - 1) / (runs - 1);
    const std::int64_t inner = std::ssize(header.times(m)) - 4, times = std::min(kTimes, inner);
    for (std::int64_t i = 0; i < times; ++i)
      add_jumps(reader, m, 2 + (times == 1 ? 0 : i * (inner - 1) / (times - 1)), jumps);
  }
  std::vector<std::string> noisy;
  for (std::size_t c = 0; c < jumps.size(); ++c)
    if (jumps[c].noisy()) noisy.push_back(header.coordinates[c]);
  return noisy;
}

}  // namespace scorefield::training
