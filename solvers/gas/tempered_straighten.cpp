// Funnels and hierarchies: sweeps in coordinates in which the cloud is nearly Gaussian.
#include "solvers/gas/tempered.hpp"

#include <string>

namespace scorefield::gas {
namespace {

constexpr double kWorthwhile = 0.05;  ///< nats a particle by which the straight cloud's mixture must be better

}  // namespace

/// Fits a coupling to the cloud and goes over to its coordinates; false, and nothing changes, where a mixture describes
/// the cloud as well as it is.
bool Tempered::straighten() {
  Cloud curved = cloud_;
  if (!coupling_.empty()) {
    curved.x = coupling_.to_curved(cloud_.x);
    evaluate_(curved, true);
  }
  Coupling next = fit_coupling(curved);
  if (next.empty()) return false;
  Cloud straight = next.straightened(curved);
  if (!straight.x.allFinite() || !straight.score.allFinite() || !straight.log_p.allFinite()) return false;
  const auto mixture = Mixture::choose(straight.x, options_.clusters);
  if (coupling_.empty()) {
    const double gain =
        (mixture.log_density(straight.x) - next.log_stretch(straight.x)).mean() - mixture_.log_density(curved.x).mean();
    if (!(gain > kWorthwhile)) return false;
    std::string list;
    for (const auto j : next.fixed) list += (list.empty() ? "" : ", ") + std::to_string(j);
    notes_.push_back("the scale or place of some coordinates depends on coordinate " + list +
                     ": the last sweeps were made in coordinates without that dependence (partially non-centred).");
    step_size_ = 0.4;
  }
  coupling_ = std::move(next);
  ask_ = coupling_.straightened(evaluate_);
  cloud_ = std::move(straight);
  mixture_ = mixture;
  metric_ = mixture_.inner_factor();
  return true;
}

/// The particles in the target's own coordinates.
void Tempered::publish() {
  if (!coupling_.empty()) positions_ = coupling_.to_curved(cloud_.x);
}

}  // namespace scorefield::gas
