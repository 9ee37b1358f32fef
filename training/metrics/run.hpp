#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/text.hpp"
#include "data/dataset.hpp"
#include "data/problems/field_energy.hpp"

namespace scorefield::metrics {

class KeptRun;

/// A dataset or rollout file, or a run that was generated and kept, seen as histories E(t) and clouds at given times.
class Run {
 public:
  /// @throws FileError
  explicit Run(const std::string& path);
  /// `origin`: what messages call it.
  Run(std::shared_ptr<const KeptRun> kept, std::string origin);

  /// From now on without the runs at these mu, as far as there are any, unless none would be left.
  /// @return the values that were there
  std::vector<std::vector<double>> leave_out(const std::vector<std::vector<double>>& mu);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const data::DatasetHeader& header() const;

  /// @throws FileError if coordinates, periods or the number of parameters are not those of `other`.
  void require_same_state(const Run& other) const;

  /// Times of the frames of one mu, [K].
  [[nodiscard]] const std::vector<double>& times(std::int64_t mu_index) const { return header().times(mu_index); }

  /// @throws FileError if a time lies beyond the first or last frame, of all mu or of one, by more than half a frame.
  void require_times(std::span<const double> times) const { require_times(data::all_times(header()), times); }
  void require_times(std::int64_t mu_index, std::span<const double> times) const {
    require_times(this->times(mu_index), times);
  }

  /// Index of this mu, if it is there, and of the nearest one (data/mu_set.hpp).
  [[nodiscard]] std::optional<std::int64_t> find_mu(const std::vector<double>& mu) const;
  [[nodiscard]] std::int64_t nearest_mu(const std::vector<double>& mu) const;
  /// Index of this mu. @throws FileError that lists what there is.
  [[nodiscard]] std::int64_t require_mu(const std::vector<double>& mu) const;

  /// Whether the generator stored its electric energy.
  [[nodiscard]] bool has_energy_diagnostic() const;

  /// The generator's electric energy at these times, linear between its steps. [K]
  [[nodiscard]] std::vector<double> diagnosed_energy(std::int64_t mu_index, std::span<const double> times) const;

  /// The electric energy of the stored particles, linear between frames. [K]
  [[nodiscard]] std::vector<double> sampled_energy(const problems::FieldEnergy& field, std::int64_t mu_index,
                                                   std::span<const double> times) const;

  /// The diagnosed energy where there is one, else the sampled one.
  [[nodiscard]] std::vector<double> best_energy(const problems::FieldEnergy& field, std::int64_t mu_index,
                                                std::span<const double> times) const;

  /// The frame of a mu nearest in time.
  [[nodiscard]] std::int64_t nearest_frame(std::int64_t mu_index, double time) const;

  /// [N, d]
  [[nodiscard]] std::vector<float> samples(std::int64_t mu_index, std::int64_t frame) const;
  /// [G] of the header's grid, of runs that have a density.
  [[nodiscard]] std::vector<float> density(std::int64_t mu_index, std::int64_t frame) const;
  /// [N]; empty where particles are alike.
  [[nodiscard]] std::vector<float> weights(std::int64_t mu_index, std::int64_t frame) const;

 private:
  void require_times(const std::vector<double>& own, std::span<const double> times) const;

  std::string path_;
  std::optional<data::DatasetReader> reader_;  ///< this, or
  std::shared_ptr<const KeptRun> kept_;
  std::optional<data::Diagnostics> diagnostics_;
};

/// The run of one mu in a file.
struct RunAtMu {
  const Run* run = nullptr;  ///< null: there is none
  std::int64_t mu_index = 0;
};

/// "1.25" or "(1.25, 0.5)".
[[nodiscard]] inline std::string mu_text(const std::vector<double>& mu) { return tuple_text(mu); }

}  // namespace scorefield::metrics
