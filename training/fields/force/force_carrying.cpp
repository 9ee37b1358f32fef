#include "training/fields/force/force_carrying.hpp"

#include <cstdio>
#include <span>
#include <utility>

namespace scorefield::training {
namespace {

using models::ForceCourse;
using Rows = std::vector<std::vector<double>>;

/// Clocks that lower the error by less tell nothing.
constexpr double kWorthwhile = 0.9;

/// Products of the runs' coefficients, over all times, [M, M].
dense::Matrix products_of_runs(const std::vector<ForceCourse>& runs) {
  std::vector<std::span<const double>> values;
  for (const auto& run : runs) values.emplace_back(run.value);
  return products_of(values);
}

/// [M]: run m beside the others with their clocks set to it, which they alone have told.
std::vector<dense::Matrix> products_by_clocks(const Rows& mu, const std::vector<ForceCourse>& runs) {
  std::vector<dense::Matrix> products;
  for (std::size_t m = 0; m < runs.size(); ++m) {
    auto others = runs;
    auto at = mu;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(m));
    at.erase(at.begin() + static_cast<std::ptrdiff_t>(m));
    auto set = at_clock(fit_run_clocks(at, others), at, others, mu[m]);
    set.insert(set.begin() + static_cast<std::ptrdiff_t>(m), runs[m]);
    products.push_back(products_of_runs(set));
  }
  return products;
}

/// What the least error of every kind of interpolation is.
std::string compared(const Rows& mu, const std::vector<dense::Matrix>& products, const MuRule& chosen) {
  std::string text = " (error at training runs left out: " + percent(chosen.left_out);
  for (const auto kind : {MuInterpolationKind::linear, MuInterpolationKind::cubic, MuInterpolationKind::kriging}) {
    const auto other = choose_mu_rule(kind, mu, products);
    if (other.kind == kind && kind != chosen.kind)
      text += std::string(kind == MuInterpolationKind::linear  ? "; linear "
                          : kind == MuInterpolationKind::cubic ? "; cubic "
                                                               : "; kriging ") +
              percent(other.left_out);
  }
  return text;
}

}  // namespace

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", 100 * share);
  return text;
}

ForceCarrying choose_carrying(const ForceOptions& options, const Rows& mu, const std::vector<ForceCourse>& runs) {
  const std::vector<dense::Matrix> products{products_of_runs(runs)};
  ForceCarrying carrying{choose_mu_rule(options.interpolation, mu, products)};
  carrying.text = describe(carrying.rule);
  if (carrying.rule.left_out >= 0) carrying.text += compared(mu, products, carrying.rule) + ")";
  if (options.alignment == ForceAlignment::none) return carrying;
  auto clocks = fit_run_clocks(mu, runs);
  if (clocks.time.empty()) return carrying;
  const auto set = products_by_clocks(mu, runs);
  const auto rule = choose_mu_rule(options.interpolation, mu, set);
  const bool better = rule.left_out >= 0 && expected_error(rule) < kWorthwhile * expected_error(carrying.rule);
  if (options.alignment == ForceAlignment::automatic && !better) return carrying;
  std::string text = describe(rule) + ", clocks set by mu";
  if (rule.left_out >= 0)
    text += compared(mu, set, rule) + "; with clocks as they are " + percent(carrying.rule.left_out) + ")";
  return {rule, std::move(clocks), std::move(text)};
}

}  // namespace scorefield::training
