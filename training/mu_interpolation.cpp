#include "training/mu_interpolation.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/text.hpp"
#include "data/mu_weights.hpp"

namespace scorefield::training {
namespace {

using Rows = std::vector<std::vector<double>>;

constexpr double kLengths[] = {0.4, 0.6, 0.9, 1.4, 2.0};
constexpr double kNoises[] = {1e-10, 1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1};
/// Errors of left-out runs that differ by less tell nothing: the simplest kind is taken,
constexpr double kAsGood = 1.1;
/// and of krigings the smoothest.
constexpr double kAsGoodAndSmooth = 1.25;
/// Errors below that are as good as none.
constexpr double kNegligible = 1e-3;
/// One run between two others does not tell a length.
constexpr std::size_t kLeastForKriging = 4;
/// Beyond so many parameters all have one length.
constexpr std::size_t kOwnLengths = 3;

std::vector<double> spread(const data::MuWeights& shares, std::size_t count) {
  std::vector<double> weights(count);
  for (const auto& share : shares) weights[static_cast<std::size_t>(share.index)] = share.weight;
  return weights;
}

double covariance(const std::vector<double>& a, const std::vector<double>& b, const MuRule& rule) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) sum += std::pow((a[j] - b[j]) / rule.length[j], 2);
  return std::exp(-sum / 2);
}

std::vector<double> kriging_weights(const MuRule& rule, const data::MuSet& set, const std::vector<double>& at) {
  const auto offsets = set.offsets(at);
  const auto count = static_cast<Eigen::Index>(offsets.size());
  const std::vector<double> origin(at.size());
  dense::Matrix among(count, count);
  dense::Vector to(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const auto& row = offsets[static_cast<std::size_t>(i)];
    to[i] = covariance(row, origin, rule);
    for (Eigen::Index j = 0; j < count; ++j)
      among(i, j) = covariance(row, offsets[static_cast<std::size_t>(j)], rule) + (i == j ? rule.noise : 0);
  }
  const auto own = dense::solve_symmetric(among, to);
  const auto mean = dense::solve_symmetric(among, dense::Vector::Ones(count));
  const dense::Vector weights = own + mean * ((1 - own.sum()) / mean.sum());
  return {weights.data(), weights.data() + count};
}

/// All parameters' lengths.
std::vector<std::vector<double>> length_tuples(std::size_t p) {
  std::vector<std::vector<double>> tuples{{}};
  if (p > kOwnLengths) {
    tuples.clear();
    for (const double length : kLengths) tuples.emplace_back(p, length);
    return tuples;
  }
  for (std::size_t j = 0; j < p; ++j) {
    std::vector<std::vector<double>> longer;
    for (const auto& tuple : tuples)
      for (const double length : kLengths) {
        longer.push_back(tuple);
        longer.back().push_back(length);
      }
    tuples = std::move(longer);
  }
  return tuples;
}

std::vector<MuRule> candidates(MuInterpolationKind wanted, const Rows& mu) {
  using enum MuInterpolationKind;
  const auto asked = [&](MuInterpolationKind kind) { return wanted == automatic || wanted == kind; };
  std::vector<MuRule> rules;
  if (asked(linear)) rules.push_back({.kind = linear});
  if (asked(cubic) && mu.front().size() == 1 && mu.size() >= 4) rules.push_back({.kind = cubic});
  if (asked(kriging) && mu.size() >= kLeastForKriging)
    for (const auto& length : length_tuples(mu.front().size()))
      for (const double noise : kNoises) rules.push_back({.kind = kriging, .length = length, .noise = noise});
  if (rules.empty()) rules.push_back({.kind = linear});
  return rules;
}

/// The training runs without number `left_out`.
Rows others(const Rows& mu, std::size_t left_out) {
  Rows rest = mu;
  rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(left_out));
  return rest;
}

std::vector<std::size_t> left_out_runs(const Rows& mu) {
  std::vector<std::size_t> inner, all;
  if (mu.size() < 3) return {};
  for (std::size_t m = 0; m < mu.size(); ++m) {
    all.push_back(m);
    if (data::barycentric_weights(data::MuSet(others(mu, m)), mu[m])) inner.push_back(m);
  }
  return inner.empty() ? all : inner;
}

/// Of rules of one kind: the one with the least error, or among those as good the one with the longest lengths. Runs on
/// a regular grid see a left-out run from all sides alike, and do not see what short lengths do off the grid.
const MuRule& best_of_kind(const std::vector<MuRule>& rules, MuInterpolationKind kind) {
  const auto volume = [](const MuRule& rule) {
    double product = 1;
    for (const double length : rule.length) product *= length;
    return product;
  };
  const MuRule* least = nullptr;
  for (const auto& rule : rules)
    if (rule.kind == kind && (least == nullptr || rule.left_out < least->left_out)) least = &rule;
  const MuRule* best = least;
  for (const auto& rule : rules)
    if (rule.kind == kind && rule.left_out <= kAsGoodAndSmooth * least->left_out && volume(rule) > volume(*best))
      best = &rule;
  return *best;
}

/// Squared error of run `m` from the others, by the products of all.
double left_out_error(const MuRule& rule, const Rows& mu, std::size_t m, const dense::Matrix& products) {
  const auto rest = others(mu, m);
  const data::MuSet set(rest);
  auto weights = mu_weights(rule, set, rest, mu[m]);
  weights.insert(weights.begin() + static_cast<std::ptrdiff_t>(m), -1);
  const auto w = Eigen::Map<const dense::Vector>(weights.data(), static_cast<Eigen::Index>(weights.size()));
  return w.dot(products * w);
}

}  // namespace

std::vector<double> mu_weights(const MuRule& rule, const data::MuSet& set, const Rows& mu,
                               const std::vector<double>& at) {
  if (mu.size() == 1) return {1.0};
  if (rule.kind == MuInterpolationKind::kriging) return kriging_weights(rule, set, at);
  std::optional<data::MuWeights> shares;
  if (rule.kind == MuInterpolationKind::cubic) shares = data::cubic_weights(set, at);
  if (!shares) shares = data::barycentric_weights(set, at);
  return spread(shares ? *shares : data::inverse_distance_weights(set, at), mu.size());
}

double expected_error(const MuRule& rule) {
  return std::max(kNegligible, rule.left_out * (rule.kind == MuInterpolationKind::linear ? 1.0 / 4 : 1.0 / 16));
}

MuRule choose_mu_rule(MuInterpolationKind wanted, const Rows& mu, const std::vector<dense::Matrix>& products) {
  const auto of = [&](std::size_t m) -> const dense::Matrix& { return products[products.size() > 1 ? m : 0]; };
  const auto runs = left_out_runs(mu);
  auto rules = candidates(wanted, mu);
  double scale = 0;
  for (const auto m : runs) scale += of(m)(static_cast<Eigen::Index>(m), static_cast<Eigen::Index>(m));
  if (runs.empty() || !(scale > 0)) return rules.front();
  for (auto& rule : rules) {
    double sum = 0;
    for (const auto m : runs) sum += left_out_error(rule, mu, m, of(m));
    rule.left_out = std::sqrt(std::max(0.0, sum) / scale);
  }
  std::vector<MuRule> of_kinds;  // from the simplest on
  for (const auto& rule : rules)
    if (of_kinds.empty() || of_kinds.back().kind != rule.kind) of_kinds.push_back(best_of_kind(rules, rule.kind));
  const auto best = std::min_element(of_kinds.begin(), of_kinds.end(), [](const auto& a, const auto& b) {
    return expected_error(a) < expected_error(b);
  });
  return *std::find_if(of_kinds.begin(), best,
                       [&](const auto& rule) { return expected_error(rule) <= kAsGood * expected_error(*best); });
}

dense::Matrix products_of(const std::vector<std::span<const double>>& functions) {
  const auto count = static_cast<Eigen::Index>(functions.size());
  dense::Matrix products(count, count);
  for (Eigen::Index i = 0; i < count; ++i)
    for (Eigen::Index j = 0; j <= i; ++j) {
      const auto &a = functions[static_cast<std::size_t>(i)], &b = functions[static_cast<std::size_t>(j)];
      double sum = 0;
      for (std::size_t n = 0; n < a.size(); ++n) sum += a[n] * b[n];
      products(i, j) = products(j, i) = sum;
    }
  return products;
}

std::string describe(const MuRule& rule) {
  switch (rule.kind) {
    case MuInterpolationKind::cubic:
      return "cubic through four runs";
    case MuInterpolationKind::kriging:
      return "kriging, length " + comma_joined(rule.length) + " of the range";
    default:
      return "linear between neighbouring runs";
  }
}

}  // namespace scorefield::training
