#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/problems/builtin_drifts.hpp"
#include "data/problems/sde_problem.hpp"

namespace scorefield::problems {

/// A stochastic system that is put together in a configuration file: a built-in drift with its parameters, one of
/// which is mu, noise, initial population and stored coordinates. `scorefield generate sde --config system.toml`.
class SdeSystem : public SdeProblem {
 public:
  SdeSystem();
  [[nodiscard]] std::string name() const override { return "sde"; }
  [[nodiscard]] std::string summary() const override;
  [[nodiscard]] std::string parameter() const override;
  /// The present value of the parameter that is mu.
  [[nodiscard]] std::vector<double> training_mu() const override;
  [[nodiscard]] std::vector<double> test_mu() const override { return training_mu(); }
  [[nodiscard]] std::int64_t default_frames() const override { return 101; }
  [[nodiscard]] std::int64_t default_particles() const override { return 10000; }

  [[nodiscard]] std::unique_ptr<Problem> clone() const override { return std::make_unique<SdeSystem>(*this); }
  void bind(OptionSet& set) override;
  [[nodiscard]] SdeModel model(double mu) const override;
  [[nodiscard]] std::vector<Coordinate> coordinates() const override;

 private:
  enum class NoiseKind { additive, proportional };

  [[nodiscard]] std::size_t drift_index() const;
  [[nodiscard]] std::int64_t dimension() const;
  [[nodiscard]] std::vector<std::string> names() const;
  /// The values of the chosen drift's parameters and the factor of the noise, mu in its place.
  struct Parameters {
    std::vector<double> drift;
    double noise_factor = 1;
  };
  [[nodiscard]] Parameters parameters(double mu) const;

  std::string drift_ = "double-well";
  std::string mu_;  ///< empty: the drift's first parameter
  std::int64_t dimension_ = 0;
  std::string observed_;
  NoiseKind noise_kind_ = NoiseKind::additive;
  std::vector<double> sigma_{0.5};
  sde::Population::Law law_ = sde::Population::Law::normal;
  std::vector<double> mean_{0}, deviation_{1};
  std::vector<std::vector<double>> values_;  ///< [drift][parameter]
};

}  // namespace scorefield::problems
