// What follows the sweeps: shares, evidence, the choice of particles, the polish.
#include "solvers/gas/tempered.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/random_subset.hpp"
#include "solvers/gas/bridge.hpp"
#include "solvers/gas/local_affine.hpp"
#include "solvers/gas/support_points.hpp"

namespace scorefield::gas {

void Tempered::bridge() {
  if (!found_lost_) mixture_ = Mixture::choose(cloud_.x, options_.clusters);
  if (mixture_.size() == 1) return;
  const auto result = bridge_weights(cloud_, mixture_, seed_, stream(20), ask_);
  bridge_error_ = result.error;
  if (result.error > 0.2) {
    char text[160];
    std::snprintf(text, sizeof text,
                  "bridge sampling between %d clusters: relative error %.2f, above 0.2; mode weights are not reliable.",
                  static_cast<int>(mixture_.size()), result.error);
    notes_.emplace_back(text);
    return;
  }
  if (pool_.count() == 0) {
    pick(allocate(result, uniforms(cloud_.count(), seed_, stream(21))));
    return;
  }
  // The sweeps' own shares know the weights as well as their far moves were taken; of the two the better one counts.
  const double sweeps = static_cast<double>(pool_.count()) / static_cast<double>(cloud_.count());
  const double independent = static_cast<double>(cloud_.count()) * (1 + (sweeps - 1) * mean_teleports_);
  for (Eigen::Index k = 0; k < result.weights.size() && !found_lost_; ++k)
    if (result.error > std::sqrt((1 - result.weights[k]) / (result.weights[k] * independent))) return;
  pool_weights_ = weights_by_cluster(mixture_, pool_.x, result.weights);
}

/// The particles that stand for all of the last sweeps, in place of the last sweep's.
void Tempered::thin() {
  const Vector equal = Vector::Ones(pool_.count());
  const auto ordered = support_points(pool_.x, pool_weights_.size() > 0 ? pool_weights_ : equal, cloud_.count());
  // Neighbours in that order stand on opposite sides, so that every other particle would be a biased cloud.
  std::vector<std::int64_t> chosen;
  for (const auto k : random_subset(cloud_.count(), cloud_.count(), seed_ ^ stream(43)))
    chosen.push_back(ordered[static_cast<std::size_t>(k)]);
  cloud_.x = Matrix(pool_.x(Eigen::all, chosen));
  cloud_.score = Matrix(pool_.score(Eigen::all, chosen));
  cloud_.log_p = Vector(pool_.log_p(chosen));
  pool_ = {};
  pool_weights_.resize(0);
}

void Tempered::collect() {
  const auto before = pool_.count(), n = cloud_.count(), d = cloud_.dimension();
  if (before == 0) mean_teleports_ = 0;
  mean_teleports_ = (mean_teleports_ * static_cast<double>(before) + accepted_teleports_ * static_cast<double>(n)) /
                    static_cast<double>(before + n);
  pool_.x.conservativeResize(d, before + n);
  pool_.score.conservativeResize(d, before + n);
  pool_.log_p.conservativeResize(before + n);
  pool_.x.rightCols(n) = cloud_.x;
  pool_.score.rightCols(n) = cloud_.score;
  pool_.log_p.tail(n) = cloud_.log_p;
}

/// From the last sweeps' clouds, or the last one; clusters as they are now.
void Tempered::measure_evidence() {
  if (mixture_.size() == 0) mixture_ = Mixture::choose(cloud_.x, options_.clusters);
  const bool pooled = pool_.count() > cloud_.count();
  const double sweeps = pooled ? static_cast<double>(pool_.count()) / static_cast<double>(cloud_.count()) : 1;
  const double independent = pooled ? (1 + (sweeps - 1) * mean_teleports_) / sweeps : 1;
  evidence_ = compute_evidence(pooled ? pool_ : cloud_, mixture_, independent, seed_, stream(30), ask_);
}

void Tempered::polish() {
  const auto result = polish_cloud(cloud_, mixture_, options_.polish, ask_);
  moved_ = result.moved;
  if (!result.note.empty()) notes_.push_back(result.note);
}

/// G = E[s' C s]/d with the clusters' pooled covariance, 1 for elliptic modes: far above it the density's scale changes
/// over the cloud, as in a funnel, and kicks of one step size cannot reach its narrow part.
void Tempered::warn_of_funnels() {
  const Matrix spread = dense::product(mixture_.inner_covariance(), cloud_.score);
  const double G = cloud_.score.cwiseProduct(spread).sum() / static_cast<double>(cloud_.score.size());
  if (G < 10) return;
  char text[200];
  std::snprintf(
      text, sizeof text,
      "G = E[s'Cs]/d is %.3g, above 10: the density's scale changes over the cloud, as in a funnel; do not rely "
      "on its narrow parts.",
      G);
  notes_.emplace_back(text);
}

}  // namespace scorefield::gas
