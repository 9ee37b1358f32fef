#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "data/problems/field_energy.hpp"

namespace scorefield::metrics {

/// A generated run of which only what a comparison looks at stays in memory: the electric energy of the particles at
/// every time, and their clouds at a few.
class KeptRun : public problems::FrameSink {
 public:
  /// `energy`: of particles; null: none is wanted. `cloud_times`: the frames nearest to these are kept.
  KeptRun(const problems::FieldEnergy* energy, std::vector<double> cloud_times)
      : energy_(energy), cloud_times_(std::move(cloud_times)) {}

  void begin(const data::DatasetHeader& header) override;
  /// @throws Error for values that are not finite
  void write_frame(std::int64_t mu_index, std::int64_t frame, std::span<const float> samples,
                   std::span<const float> velocities) override;

  [[nodiscard]] const data::DatasetHeader& header() const { return header_; }
  /// [K]
  [[nodiscard]] const std::vector<double>& energies(std::int64_t mu_index) const {
    return energies_.at(static_cast<std::size_t>(mu_index));
  }
  /// [N, d] @throws std::out_of_range for a frame that was not kept
  [[nodiscard]] const std::vector<float>& samples(std::int64_t mu_index, std::int64_t frame) const {
    return clouds_.at({mu_index, frame});
  }

 private:
  const problems::FieldEnergy* energy_;
  std::vector<double> cloud_times_;
  data::DatasetHeader header_;
  std::vector<std::vector<double>> energies_;  ///< [M][K]
  std::map<std::pair<std::int64_t, std::int64_t>, std::vector<float>> clouds_;
};

}  // namespace scorefield::metrics
