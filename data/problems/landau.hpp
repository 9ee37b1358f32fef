#pragma once

#include "data/problems/plasma_case.hpp"

namespace scorefield::problems {

/// Landau damping: f = M(v) (1 + alpha cos k x), box 2 pi / k. mu is alpha (default, at k = .5: weak to strong damping)
/// or k (at alpha = .01). Over k the box changes from run to run, and positions are stored in units of the box.
class Landau : public PlasmaCase {
 public:
  [[nodiscard]] std::string name() const override { return "landau"; }
  [[nodiscard]] std::string system() const override {
    return "Landau damping of a density wave in a Maxwellian, weak to strong";
  }
  [[nodiscard]] std::string parameter(const PlasmaOptions& options) const override;
  [[nodiscard]] std::vector<double> training_mu(const PlasmaOptions& options) const override;
  [[nodiscard]] std::vector<double> test_mu(const PlasmaOptions& options) const override;
  [[nodiscard]] pic::PicOptions pic_options() const override;
  void bind(OptionSet& set, PlasmaOptions& options, const std::string& solver) const override;
  void validate(const PlasmaOptions& options) const override;
  [[nodiscard]] PlasmaSetup setup(const PlasmaOptions& options, double mu) const override;
};

}  // namespace scorefield::problems
