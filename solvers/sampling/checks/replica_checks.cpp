// Independent runs beside each other.
#include <algorithm>
#include <cmath>

#include "solvers/gas/mixture.hpp"
#include "solvers/sampling/checks/check.hpp"

namespace scorefield::sampling {
namespace {

using gas::Matrix;
using gas::Vector;

/// Particles of every replica.
std::vector<std::vector<Eigen::Index>> members(const Subject& subject) {
  const auto count = 1 + *std::max_element(subject.replica.begin(), subject.replica.end());
  std::vector<std::vector<Eigen::Index>> all(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < subject.replica.size(); ++i)
    all[static_cast<std::size_t>(subject.replica[i])].push_back(static_cast<Eigen::Index>(i));
  return all;
}

/// sqrt((W + B) / W), W the variance within and B that of the groups' means.
double r_hat(const Vector& values, const std::vector<std::vector<Eigen::Index>>& groups) {
  const double mean = values.mean();
  double within = 0, between = 0;
  for (const auto& group : groups) {
    const Vector mine = values(group);
    const double centre = mine.mean();
    within += (mine.array() - centre).square().mean() / static_cast<double>(groups.size());
    between += (centre - mean) * (centre - mean) / static_cast<double>(groups.size() - 1);
  }
  return std::sqrt((within + between) / std::max(within, 1e-300));
}

}  // namespace

std::optional<Check> check_split_r_hat(const Subject& subject) {
  if (subject.replica.empty()) return std::nullopt;
  std::vector<std::vector<Eigen::Index>> halves;
  for (const auto& mine : members(subject)) {
    std::vector<Eigen::Index> half[2];
    for (std::size_t i = 0; i < mine.size(); ++i) half[i % 2].push_back(mine[i]);
    for (auto& part : half)
      if (!part.empty()) halves.push_back(std::move(part));
  }
  double worst = 1;
  for (Eigen::Index j = 0; j < subject.cloud.dimension(); ++j) {
    const Vector x = subject.cloud.x.row(j).transpose();
    worst = std::max({worst, r_hat(x, halves), r_hat((x.array() - x.mean()).abs().matrix(), halves)});
  }
  return Check{"split_r_hat", worst, 1.05,
               "independent runs disagree on a coordinate's mean or spread (split R-hat). Use more particles or "
               "gas.final_sweeps."};
}

std::optional<Check> check_replica_shares(const Subject& subject) {
  if (subject.replica.empty()) return std::nullopt;
  const auto mixture = gas::Mixture::choose(subject.cloud.x, 16);
  if (mixture.size() < 2) return std::nullopt;
  const Matrix parts = mixture.log_parts(subject.cloud.x);
  const auto groups = members(subject);
  Matrix share = Matrix::Zero(mixture.size(), static_cast<Eigen::Index>(groups.size()));
  for (std::size_t r = 0; r < groups.size(); ++r)
    for (const auto i : groups[r]) {
      Eigen::Index lead = 0;
      parts.col(i).maxCoeff(&lead);
      share(lead, static_cast<Eigen::Index>(r)) += 1 / static_cast<double>(groups[r].size());
    }
  const Vector mean = share.rowwise().mean();
  const double fewest = static_cast<double>(subject.cloud.count()) / static_cast<double>(groups.size());
  return Check{"replica_shares", (share.colwise() - mean).cwiseAbs().maxCoeff(), 0.04 + 2 * std::sqrt(0.25 / fewest),
               "independent runs give the modes other shares. Use more particles."};
}

}  // namespace scorefield::sampling
