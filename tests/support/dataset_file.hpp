#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/dataset.hpp"

namespace scorefield::test {

/// Two values of mu, three times, four particles (x periodic, v), with velocities.
inline data::DatasetHeader small_header() {
  data::DatasetHeader header;
  header.provenance.seed = 42;
  header.provenance.config = "[pic]\ncells = 64\n";
  header.mu = {{1.2}, {1.5}};
  header.mu_names = {"mu"};
  header.time = {0.0, 0.5, 2.0};
  header.time_units = "plasma periods";
  header.particles = 4;
  header.coordinates = {"x", "v"};
  header.units = {"box", "box per plasma period"};
  header.periods = {1.0, 0.0};
  header.has_velocities = true;
  return header;
}

/// A frame whose every value tells where it belongs: 1000 mu + 100 time + 10 particle + coordinate.
inline std::vector<float> marked_frame(const data::DatasetHeader& header, std::int64_t mu, std::int64_t frame) {
  std::vector<float> values;
  for (std::int64_t n = 0; n < header.particles; ++n)
    for (std::int64_t c = 0; c < header.dimension(); ++c)
      values.push_back(static_cast<float>(1000 * mu + 100 * frame + 10 * n + c));
  return values;
}

inline std::vector<float> negated(std::vector<float> values) {
  for (float& value : values) value = -value;
  return values;
}

/// Writes marked frames (velocities: their negatives); does not commit.
inline void write_marked_frames(data::DatasetWriter& writer) {
  const auto& header = writer.header();
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::int64_t k = 0; k < header.frames(); ++k) {
      const auto samples = marked_frame(header, m, k);
      writer.write_frame(m, k, samples, header.has_velocities ? negated(samples) : std::vector<float>{});
    }
}

inline void write_marked_dataset(const std::string& path, const data::DatasetHeader& header = small_header()) {
  data::DatasetWriter writer(path, header);
  write_marked_frames(writer);
  writer.commit();
}

}  // namespace scorefield::test
