#include "solvers/gas/bridge.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace scorefield::gas {
namespace {

std::vector<Eigen::Index> leading(const Mixture& mixture, const Matrix& x) {
  const Matrix parts = mixture.log_parts(x);
  std::vector<Eigen::Index> lead(static_cast<std::size_t>(x.cols()));
  for (Eigen::Index i = 0; i < x.cols(); ++i) parts.col(i).maxCoeff(&lead[static_cast<std::size_t>(i)]);
  return lead;
}

/// A normalising constant and the squared relative error of its estimate.
struct Ratio {
  double log_z, variance;
};

/// log of the ratio Z of two densities p and g from l = log p - log g at draws of each (Meng and Wong 1996, iterated);
/// `draws` of g were made, of which those missing from `of_g` count as p = 0.
Ratio bridge_ratio(const std::vector<double>& of_p, const std::vector<double>& of_g, std::int64_t draws,
                   const BridgeOptions& options) {
  const double n1 = static_cast<double>(of_p.size()), n2 = static_cast<double>(draws),
               s1 = options.reliance > 0 ? options.reliance : n1 / (n1 + n2), s2 = 1 - s1;
  std::vector<double> sorted = of_p;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
  const double centre = sorted[sorted.size() / 2];
  double r = 1, variance = 0;
  for (int round = 0; round < 50; ++round) {
    double top = 0, bottom = 0, top2 = 0, bottom2 = 0;
    for (const double l : of_g) {
      const double e = std::exp(l - centre), f = e / (s1 * e + s2 * r);
      top += f;
      top2 += f * f;
    }
    for (const double l : of_p) {
      const double f = 1 / (s1 * std::exp(l - centre) + s2 * r);
      bottom += f;
      bottom2 += f * f;
    }
    r = (top / n2) / (bottom / n1);
    variance = (top2 / n2 / ((top / n2) * (top / n2)) - 1) / n2 +
               (bottom2 / n1 / ((bottom / n1) * (bottom / n1)) - 1) / (n1 * options.independent);
  }
  return {centre + std::log(r), variance};
}

}  // namespace

BridgeResult bridge_weights(const Cloud& cloud, const Mixture& mixture, std::uint64_t seed, std::uint64_t stream,
                            const Evaluator& evaluate, const BridgeOptions& options) {
  BridgeResult result;
  result.cluster = leading(mixture, cloud.x);
  const auto K = mixture.size();
  result.weights = Vector::Zero(K);
  Vector log_z(K), variances = Vector::Zero(K);
  const auto all_draws = options.draws > 0 ? options.draws : 8 * cloud.count();
  const auto draws = std::max<std::int64_t>(200, all_draws / K);  // of log p alone: cheap beside the kicks
  for (std::int64_t k = 0; k < K; ++k) {
    auto part = mixture.components()[static_cast<std::size_t>(k)];
    part.weight = 1;
    const Mixture single = Mixture::from({part});
    Cloud proposal;
    proposal.x = single.draw(draws, seed, stream ^ (static_cast<std::uint64_t>(k + 1) << 20));
    evaluate(proposal, false);
    const auto lead = leading(mixture, proposal.x);
    const Vector g_proposal = single.log_density(proposal.x);
    // l = log p - log g on both sides, in the region alone.
    std::vector<double> of_p, of_g;
    for (std::int64_t i = 0; i < draws; ++i)
      if (lead[static_cast<std::size_t>(i)] == k && std::isfinite(proposal.log_p[i]))
        of_g.push_back(proposal.log_p[i] - g_proposal[i]);
    std::vector<Eigen::Index> members;
    for (Eigen::Index i = 0; i < cloud.count(); ++i)
      if (result.cluster[static_cast<std::size_t>(i)] == k) members.push_back(i);
    if (members.empty() || of_g.empty()) {
      log_z[k] = -1e300;
      continue;
    }
    const Vector g_members = single.log_density(cloud.x(Eigen::all, members));
    for (std::size_t i = 0; i < members.size(); ++i)
      of_p.push_back(cloud.log_p[members[i]] - g_members[static_cast<Eigen::Index>(i)]);
    const Ratio ratio = bridge_ratio(of_p, of_g, draws, options);
    variances[k] = std::max(0.0, ratio.variance);
    log_z[k] = ratio.log_z;
    result.error = std::max(result.error, std::sqrt(variances[k]));
  }
  result.weights = (log_z.array() - log_z.maxCoeff()).exp();
  result.log_z = log_z.maxCoeff() + std::log(result.weights.sum());
  result.weights /= result.weights.sum();
  result.log_z_error = std::sqrt(result.weights.cwiseAbs2().dot(variances));
  return result;
}

Vector weights_by_cluster(const Mixture& mixture, const Matrix& x, const Vector& shares) {
  const auto lead = leading(mixture, x);
  Vector counts = Vector::Zero(mixture.size()), weights(x.cols());
  for (const auto k : lead) counts[k] += 1;
  for (Eigen::Index i = 0; i < x.cols(); ++i) {
    const auto k = lead[static_cast<std::size_t>(i)];
    weights[i] = shares[k] / counts[k];
  }
  return weights;
}

std::vector<Eigen::Index> allocate(const BridgeResult& bridge, const Vector& u) {
  const auto n = static_cast<std::int64_t>(bridge.cluster.size());
  const auto K = bridge.weights.size();
  std::vector<std::vector<Eigen::Index>> members(static_cast<std::size_t>(K));
  for (std::int64_t i = 0; i < n; ++i)
    members[static_cast<std::size_t>(bridge.cluster[static_cast<std::size_t>(i)])].push_back(i);
  // Largest remainders make the counts add up.
  std::vector<std::int64_t> wanted(static_cast<std::size_t>(K));
  std::vector<std::pair<double, std::size_t>> remainder;
  std::int64_t left = n;
  for (Eigen::Index k = 0; k < K; ++k) {
    const double exact = bridge.weights[k] * static_cast<double>(n);
    wanted[static_cast<std::size_t>(k)] =
        members[static_cast<std::size_t>(k)].empty() ? 0 : static_cast<std::int64_t>(exact);
    left -= wanted[static_cast<std::size_t>(k)];
    if (!members[static_cast<std::size_t>(k)].empty())
      remainder.emplace_back(exact - std::floor(exact), static_cast<std::size_t>(k));
  }
  std::sort(remainder.rbegin(), remainder.rend());
  for (std::size_t i = 0; left > 0; ++i, --left) ++wanted[remainder[i % remainder.size()].second];
  std::vector<Eigen::Index> source(static_cast<std::size_t>(n));
  std::iota(source.begin(), source.end(), 0);
  std::vector<Eigen::Index> vacant, copies;
  for (std::size_t k = 0; k < members.size(); ++k) {
    auto& list = members[k];
    std::sort(list.begin(), list.end(), [&](Eigen::Index a, Eigen::Index b) { return u[a] < u[b]; });  // a random order
    const auto have = static_cast<std::int64_t>(list.size());
    for (std::int64_t i = wanted[k]; i < have; ++i) vacant.push_back(list[static_cast<std::size_t>(i)]);
    for (std::int64_t i = have; i < wanted[k]; ++i) copies.push_back(list[static_cast<std::size_t>(i % have)]);
  }
  for (std::size_t i = 0; i < vacant.size() && i < copies.size(); ++i)
    source[static_cast<std::size_t>(vacant[i])] = copies[i];
  return source;
}

}  // namespace scorefield::gas
