#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/problems/problem.hpp"
#include "solvers/sde/options.hpp"
#include "solvers/sde/system.hpp"

namespace scorefield::problems {

inline constexpr std::int64_t kMaxDimension = 10000;  ///< coordinates that a stochastic system may have

/// A stored coordinate of a stochastic system.
struct Coordinate {
  std::int64_t index = 0;  ///< in the state of the system
  std::string name, unit;
  double period = 0;  ///< stored modulo this; 0: not periodic
};

/// What a stochastic problem is at one mu.
struct SdeModel {
  sde::System system;
  sde::Population initial;
};

/// A problem whose particles follow a stochastic differential equation. A concrete one says its model at mu, the
/// coordinates that are stored and its default times; this class does the rest: options sde.*, checks, frames on file.
/// Derivatives are stored where they exist: when no stored coordinate has noise of its own.
class SdeProblem : public Problem {
 public:
  void bind(OptionSet& set) override;
  void validate(const GenerateOptions& options) const override;
  void generate(const GenerateOptions& options, FrameSink& sink, const ProgressObserver& observer) const override;

  /// The system and its initial population at one value of the problem's own parameter. @throws UsageError for a mu or
  /// an option that makes no sense
  [[nodiscard]] virtual SdeModel model(double mu) const = 0;
  [[nodiscard]] virtual std::vector<Coordinate> coordinates() const = 0;
  [[nodiscard]] virtual std::string time_units() const { return "natural units"; }

  [[nodiscard]] const sde::SdeOptions& sde_options() const { return sde_; }

 protected:
  /// `defaults`: the problem's own duration, step and scheme.
  explicit SdeProblem(const sde::SdeOptions& defaults) : sde_(defaults) {}

 private:
  [[nodiscard]] data::DatasetHeader header(const GenerateOptions& options) const;

  sde::SdeOptions sde_;
};

}  // namespace scorefield::problems
