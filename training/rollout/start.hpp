#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/mu_set.hpp"
#include "data/problems/problem.hpp"
#include "training/model_file.hpp"
#include "training/rollout/start_options.hpp"

namespace scorefield::training {

/// Whether a file's particles live where the model's do: the same coordinates in the same order and the same periods.
/// @throws FileError that says what differs
void require_space_of(const data::DatasetHeader& model, const data::DatasetHeader& file, const std::string& path);

/// The one rule for where rollouts start: from a given file; else, at a training mu, from the population kept with the
/// model; else from what the problem that made the training data starts from at that mu, with a seed of its own; else
/// from the population of the nearest training mu.
class RolloutStart {
 public:
  /// `seed`: of the command.
  /// @throws FileError, UsageError when the file does not fit, or a population of it holds fewer particles than are
  /// asked for.
  RolloutStart(const ReducedModel& model, StartOptions options, std::int64_t seed);

  /// Particles of every rollout, N.
  [[nodiscard]] std::int64_t particles() const { return particles_; }
  /// [N, d], physical units, at mu [p], of equal weight: of weighted particles those that their weights draw.
  /// @throws what generating throws
  [[nodiscard]] std::vector<float> at(const std::vector<double>& mu) const;

  /// Particles with their weights.
  struct Population {
    std::vector<float> samples{};  ///< [N, d]
    std::vector<float> weights{};  ///< [N], of the same sum as in the file they are from; empty: all are alike
  };
  /// The same where the start has weights: particles take theirs along, as long as half of a population starts, and are
  /// drawn by them and weigh alike where fewer do. The sum stays.
  [[nodiscard]] Population weighted_at(const std::vector<double>& mu) const;
  /// `times` of the model, with those of the file that gives the start where mu differ in them: then what really
  /// happens from there is known at those.
  [[nodiscard]] std::vector<double> with_times_of_file(const std::vector<double>& times) const;
  /// Whether the start has weights.
  [[nodiscard]] bool weighted() const { return weighted_; }

  /// The same as a function of mu alone, drawn with the random numbers of `numbers_of` [p]: where populations of every
  /// mu can be made, that of mu; else the one of the training mu nearest to `numbers_of`. What the model keeps of a
  /// training mu, which has other numbers, is left out where it is not needed.
  [[nodiscard]] std::vector<float> with_numbers_of(const std::vector<double>& numbers_of,
                                                   const std::vector<double>& mu) const;

  /// Of the model.
  [[nodiscard]] const data::MuSet& training_mu() const { return training_mu_; }

  /// Whether a rollout at mu starts from the population of another one, since nobody knows its own: neither a file nor
  /// the problem that made the training data.
  [[nodiscard]] bool borrows(const std::vector<double>& mu) const;
  /// Whether there is a population of every mu, and not of the training mu alone.
  [[nodiscard]] bool knows_every_mu() const { return problem_ != nullptr; }

 private:
  [[nodiscard]] bool stored(const std::vector<double>& mu) const;
  /// The population of a file or the model that is nearest to mu.
  [[nodiscard]] Population nearest(const std::vector<double>& mu) const;
  /// The particles of a population that start, N of them, which stand for all (problems::representative_rows, or drawn
  /// by weight).
  [[nodiscard]] std::vector<float> some_of(const Population& population, const data::DatasetHeader& header) const;
  [[nodiscard]] std::vector<float> generated(const std::vector<double>& mu,
                                             const std::vector<double>& numbers_of) const;

  const ReducedModel& model_;
  data::MuSet training_mu_;
  StartOptions options_;
  std::optional<data::DatasetReader> given_;
  std::unique_ptr<problems::Problem> problem_;  ///< null: unknown, or not to be used
  std::int64_t particles_;
  std::int64_t seed_;
  bool weighted_ = false;
};

}  // namespace scorefield::training
