#include "training/population_range.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "core/error.hpp"

namespace scorefield::training {
namespace {

/// Frames of a mu that are read, and numbers of all of them together.
constexpr std::int64_t kFrames = 32, kNumbers = std::int64_t{64} << 20;
/// Beyond the range of means: so many widths of it and deviations. Beyond that of deviations: such a factor.
constexpr double kWidths = 1, kDeviations = 2, kFactor = 3;

constexpr const char* kGroup = "/initial";

struct Moments {
  std::vector<double> mean, deviation;
};

Moments moments_of(const data::ParticleFrame& frame, std::size_t d) {
  Moments moments{std::vector<double>(d), std::vector<double>(d)};
  double total = 0;
  for (std::size_t n = 0; n < frame.samples.size() / d; ++n) {
    const double weight = frame.weights.empty() ? 1 : frame.weights[n];
    total += weight;
    for (std::size_t c = 0; c < d; ++c) {
      const double x = frame.samples[n * d + c];
      moments.mean[c] += weight * x;
      moments.deviation[c] += weight * x * x;
    }
  }
  for (std::size_t c = 0; c < d; ++c) {
    moments.mean[c] /= total;
    moments.deviation[c] = std::sqrt(std::max(0.0, moments.deviation[c] / total - moments.mean[c] * moments.mean[c]));
  }
  return moments;
}

}  // namespace

std::optional<std::string> PopulationRange::lost(const std::vector<double>& mean, const std::vector<double>& deviation,
                                                 const data::DatasetHeader& header) const {
  for (std::size_t c = 0; c < mean.size(); ++c) {
    if (header.periods[c] > 0) continue;
    const double margin = kWidths * (mean_high[c] - mean_low[c]) + kDeviations * deviation_high[c];
    const bool mean_lost = !(mean[c] >= mean_low[c] - margin && mean[c] <= mean_high[c] + margin);
    const bool deviation_lost =
        !(deviation[c] >= deviation_low[c] / kFactor && deviation[c] <= deviation_high[c] * kFactor);
    if (!mean_lost && !deviation_lost) continue;
    std::ostringstream text;
    text << "the " << (mean_lost ? "mean" : "deviation") << " of '" << header.coordinates[c] << "' is "
         << (mean_lost ? mean[c] : deviation[c]) << ", in the training data from "
         << (mean_lost ? mean_low[c] : deviation_low[c]) << " to " << (mean_lost ? mean_high[c] : deviation_high[c]);
    return text.str();
  }
  return std::nullopt;
}

PopulationRange population_range_of(const data::DatasetReader& reader) {
  const auto& header = reader.header();
  const auto d = static_cast<std::size_t>(header.dimension());
  PopulationRange range;
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    const auto last = static_cast<std::int64_t>(header.times(m).size()) - 1;
    const std::int64_t per_frame = header.mu_count() * header.particles_at(m, 0) * header.dimension();
    const std::int64_t count = std::min(last + 1, std::clamp(kNumbers / per_frame, std::int64_t{2}, kFrames));
    for (std::int64_t i = 0; i < count; ++i) {
      const auto moments = moments_of(reader.read_frame(m, count > 1 ? i * last / (count - 1) : 0), d);
      if (range.mean_low.empty()) {
        range = {moments.mean, moments.mean, moments.deviation, moments.deviation};
        continue;
      }
      for (std::size_t c = 0; c < d; ++c) {
        range.mean_low[c] = std::min(range.mean_low[c], moments.mean[c]);
        range.mean_high[c] = std::max(range.mean_high[c], moments.mean[c]);
        range.deviation_low[c] = std::min(range.deviation_low[c], moments.deviation[c]);
        range.deviation_high[c] = std::max(range.deviation_high[c], moments.deviation[c]);
      }
    }
  }
  return range;
}

void write_population_range(h5::File& file, const PopulationRange& range) {
  file.set_attribute(kGroup, "mean_low", range.mean_low);
  file.set_attribute(kGroup, "mean_high", range.mean_high);
  file.set_attribute(kGroup, "deviation_low", range.deviation_low);
  file.set_attribute(kGroup, "deviation_high", range.deviation_high);
}

std::optional<PopulationRange> read_population_range(const h5::File& file, std::int64_t dimension) {
  if (!file.has_attribute(kGroup, "mean_low")) return std::nullopt;
  const auto read = [&](const char* name) {
    auto values = file.numbers_attribute(kGroup, name);
    if (std::ssize(values) != dimension)
      throw FileError(file.path(), "attribute '" + std::string(name) + "' of '" + kGroup + "' has " +
                                       std::to_string(values.size()) + " values for " + std::to_string(dimension) +
                                       " coordinates. Train the model again.");
    return values;
  };
  return PopulationRange{read("mean_low"), read("mean_high"), read("deviation_low"), read("deviation_high")};
}

}  // namespace scorefield::training
