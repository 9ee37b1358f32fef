#include "training/quadrature.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/error.hpp"
#include "core/random.hpp"

namespace scorefield::training {
namespace {

using std::numbers::pi;

/// Most nodes of any rule: far above use, and the O(Q^2) weights still take well under a second.
constexpr std::int64_t kMaxNodes = 10001;

/// Separate random nodes from every other use of the same seed.
constexpr std::uint64_t kMonteCarloStream = std::uint64_t{0x71} << 56;
constexpr std::uint64_t kMovingStream = std::uint64_t{0x72} << 56;

std::vector<double> equidistant(std::int64_t count) {
  std::vector<double> nodes(static_cast<std::size_t>(count));
  for (std::int64_t q = 0; q < count; ++q)
    nodes[static_cast<std::size_t>(q)] = static_cast<double>(q) / static_cast<double>(count - 1);
  return nodes;
}

QuadratureRule trapezoid(std::int64_t count) {
  const double h = 1.0 / static_cast<double>(count - 1);
  std::vector<double> weights(static_cast<std::size_t>(count), h);
  weights.front() = weights.back() = h / 2;
  return {equidistant(count), std::move(weights)};
}

/// h/3 (1, 4, 2, 4, ..., 2, 4, 1).
QuadratureRule simpson(std::int64_t count) {
  const double h = 1.0 / static_cast<double>(count - 1);
  std::vector<double> weights(static_cast<std::size_t>(count));
  for (std::size_t q = 0; q < weights.size(); ++q) weights[q] = (q % 2 == 1 ? 4 : 2) * h / 3;
  weights.front() = weights.back() = h / 3;
  return {equidistant(count), std::move(weights)};
}

/// The node p that stands for the stretch [0, u] before the first panel, both in panel widths. It has the weight u;
/// with u uniform, the mean weight u du/dp at p is 5/6 on [0, 1/2) and 1/6 on [1/2, 1), which is what the panels leave
/// out there.
double end_node(double u) {
  const double square = u * u;
  return square < 5.0 / 6 ? 0.6 * square : 0.5 + 3 * (square - 5.0 / 6);
}

/// Simpson on (count - 3) / 2 panels of width h, shifted by u h, u uniform, and one node for each of the stretches
/// before and after them. In the mean over u every time has the same weight, up to the ends: a loss under this rule has
/// the least value of the integral, and nothing is gained between nodes or, as by Simpson panels cut off at the ends,
/// next to those.
QuadratureRule moving_simpson(std::int64_t count, std::uint64_t seed, std::uint64_t step) {
  const std::int64_t panels = (count - 3) / 2;
  const double h = 1 / static_cast<double>(panels + 1);
  const double u = Philox(seed, kMovingStream ^ step).uniforms(0)[0];
  QuadratureRule rule{{end_node(u) * h, u * h}, {u * h, 0}};
  for (std::int64_t j = 0; j < panels; ++j) {
    const double begin = (static_cast<double>(j) + u) * h;
    rule.weights.back() += h / 6;
    rule.nodes.insert(rule.nodes.end(), {begin + h / 2, begin + h});
    rule.weights.insert(rule.weights.end(), {4 * h / 6, h / 6});
  }
  rule.nodes.push_back(1 - end_node(1 - u) * h);
  rule.weights.push_back((1 - u) * h);
  return rule;
}

/// P_n(x) and P_n'(x) by the three-term recurrence, |x| < 1.
std::pair<double, double> legendre(std::int64_t n, double x) {
  double previous = 1, value = x;
  for (std::int64_t k = 2; k <= n; ++k) {
    const double kd = static_cast<double>(k);
    previous = std::exchange(value, ((2 * kd - 1) * x * value - (kd - 1) * previous) / kd);
  }
  return {value, static_cast<double>(n) * (x * value - previous) / (x * x - 1)};
}

/// Zeros of P_n by Newton's method from Tricomi's approximation; weights 2 / ((1 - x^2) P_n'(x)^2) on [-1, 1].
QuadratureRule gauss_legendre(std::int64_t count) {
  QuadratureRule rule{std::vector<double>(static_cast<std::size_t>(count)),
                      std::vector<double>(static_cast<std::size_t>(count))};
  for (std::int64_t q = 0; q < (count + 1) / 2; ++q) {
    double x = std::cos(pi * (static_cast<double>(q) + 0.75) / (static_cast<double>(count) + 0.5));
    for (int iteration = 0; iteration < 10; ++iteration) {
      const auto [value, slope] = legendre(count, x);
      const double correction = value / slope;
      x -= correction;
      if (std::abs(correction) < 1e-15) break;
    }
    const double slope = legendre(count, x).second;
    const double weight = 1 / ((1 - x * x) * slope * slope);  // half of the weight on [-1, 1]
    const auto left = static_cast<std::size_t>(q), right = static_cast<std::size_t>(count - 1 - q);
    rule.nodes[left] = (1 - x) / 2;
    rule.nodes[right] = (1 + x) / 2;
    rule.weights[left] = rule.weights[right] = weight;
  }
  if (count % 2 == 1) rule.nodes[static_cast<std::size_t>(count / 2)] = 0.5;
  return rule;
}

/// Interpolation in the extrema of T_n, n = count - 1: t_q = sin^2(q pi / 2n),
/// w_q = c_q / 2n (1 - sum_{j=1}^{n/2} b_j / (4 j^2 - 1) cos(2 j q pi / n)), c = 1 at the ends, else 2; b = 1 for
/// j = n/2, else 2.
QuadratureRule clenshaw_curtis(std::int64_t count) {
  const std::int64_t n = count - 1;
  const auto nd = static_cast<double>(n);
  QuadratureRule rule;
  for (std::int64_t q = 0; q <= n; ++q) {
    const double half_angle = pi * static_cast<double>(q) / (2 * nd);
    double sum = 1;
    for (std::int64_t j = 1; 2 * j <= n; ++j) {
      const auto jd = static_cast<double>(j);
      // The angle's multiple of 2 pi is removed in integers: exact for any number of nodes.
      const double cosine = std::cos(2 * pi * static_cast<double>((j * q) % n) / nd);
      sum -= (2 * j == n ? 1 : 2) * cosine / (4 * jd * jd - 1);
    }
    rule.nodes.push_back(std::sin(half_angle) * std::sin(half_angle));
    rule.weights.push_back((q == 0 || q == n ? 1 : 2) * sum / (2 * nd));
  }
  return rule;
}

/// Independent uniform times, sorted so that neighbouring nodes read neighbouring frames.
QuadratureRule monte_carlo(std::int64_t count, std::uint64_t seed, std::uint64_t step) {
  const Philox random(seed, kMonteCarloStream ^ step);
  std::vector<double> nodes(static_cast<std::size_t>(count));
  for (std::size_t q = 0; q < nodes.size(); ++q) nodes[q] = random.uniforms(q)[0];
  std::sort(nodes.begin(), nodes.end());
  return {std::move(nodes), std::vector<double>(static_cast<std::size_t>(count), 1.0 / static_cast<double>(count))};
}

std::int64_t fewest_nodes(QuadratureKind kind) {
  switch (kind) {
    case QuadratureKind::simpson:
      return 3;
    case QuadratureKind::moving_simpson:
      return 5;
    case QuadratureKind::trapezoid:
    case QuadratureKind::clenshaw_curtis:
      return 2;
    case QuadratureKind::gauss_legendre:
    case QuadratureKind::monte_carlo:
      return 1;
  }
  return 1;
}

bool can_move(QuadratureKind kind) {
  return kind != QuadratureKind::gauss_legendre && kind != QuadratureKind::clenshaw_curtis;
}

/// The indices of increasing times nearest to increasing nodes, every index once.
std::vector<std::size_t> nearest_times(const std::vector<double>& nodes, const std::vector<double>& times) {
  std::vector<std::size_t> index;
  for (const double node : nodes) {
    auto k = static_cast<std::size_t>(std::lower_bound(times.begin(), times.end(), node) - times.begin());
    k = std::min(k, times.size() - 1);
    if (k > 0 && node - times[k - 1] < times[k] - node) --k;
    index.push_back(index.empty() ? k : std::max(k, index.back() + 1));
  }
  for (std::size_t q = index.size(), limit = times.size(); q-- > 0; limit = index[q])
    index[q] = std::min(index[q], limit - 1);
  return index;
}

/// Adds the weights of one panel with nodes at a, a + h, a + h + k to w[0..2].
void add_panel(double h, double k, double* w) {
  const double width = h + k;
  if (std::max(h, k) > 1.9 * std::min(h, k)) {
    w[0] += h / 2;
    w[1] += width / 2;
    w[2] += k / 2;
    return;
  }
  w[0] += width / 6 * (2 - k / h);
  w[1] += width * width * width / (6 * h * k);
  w[2] += width / 6 * (2 - h / k);
}

}  // namespace

void bind(OptionSet& set, QuadratureOptions& options) {
  set.add("quadrature.rule", options.kind,
          {{"simpson", QuadratureKind::simpson},
           {"moving-simpson", QuadratureKind::moving_simpson},
           {"gauss-legendre", QuadratureKind::gauss_legendre},
           {"trapezoid", QuadratureKind::trapezoid},
           {"clenshaw-curtis", QuadratureKind::clenshaw_curtis},
           {"monte-carlo", QuadratureKind::monte_carlo}},
          "rule that integrates the loss over time; moving-simpson: panels shifted at random every step");
  set.add("quadrature.nodes", options.nodes, in(1, kMaxNodes), "nodes of the rule (simpson: odd)");
  set.add("quadrature.at_frames", options.at_frames,
          "move the nodes to stored times, and the weights with them, instead of mixing neighbouring frames between "
          "those (simpson, "
          "moving-simpson, trapezoid, monte-carlo)");
  set.add("quadrature.end_groups", options.end_groups, at_least(1),
          "groups of samples that share each boundary term, at t = 0 and at the end");
}

std::string to_string(QuadratureKind kind) {
  switch (kind) {
    case QuadratureKind::simpson:
      return "simpson";
    case QuadratureKind::moving_simpson:
      return "moving-simpson";
    case QuadratureKind::gauss_legendre:
      return "gauss-legendre";
    case QuadratureKind::trapezoid:
      return "trapezoid";
    case QuadratureKind::clenshaw_curtis:
      return "clenshaw-curtis";
    case QuadratureKind::monte_carlo:
      return "monte-carlo";
  }
  return "unknown";
}

bool includes_ends(QuadratureKind kind) {
  return kind == QuadratureKind::simpson || kind == QuadratureKind::trapezoid ||
         kind == QuadratureKind::clenshaw_curtis;
}

void validate(const QuadratureOptions& options) {
  const std::string got = ", got " + std::to_string(options.nodes) + ".";
  const std::int64_t fewest = fewest_nodes(options.kind);
  check_ranges(options);
  if (options.nodes < fewest)
    throw UsageError("option 'quadrature.nodes': rule " + to_string(options.kind) + " takes " + std::to_string(fewest) +
                     " to " + std::to_string(kMaxNodes) + " nodes" + got);
  if (options.at_frames && !can_move(options.kind))
    throw UsageError("option 'quadrature.at_frames' does not go with rule " + to_string(options.kind) +
                     ", whose nodes cannot move. Use simpson, moving-simpson, trapezoid or monte-carlo.");
  const bool odd = options.kind == QuadratureKind::simpson || options.kind == QuadratureKind::moving_simpson;
  if (odd && options.nodes % 2 == 0)
    throw UsageError("option 'quadrature.nodes': rule " + to_string(options.kind) + " needs an odd number of nodes" +
                     got + " Use " + std::to_string(options.nodes - 1) + " or " + std::to_string(options.nodes + 1) +
                     ".");
}

QuadratureRule make_quadrature(const QuadratureOptions& options, std::uint64_t seed, std::uint64_t step) {
  validate(options);
  switch (options.kind) {
    case QuadratureKind::simpson:
      return simpson(options.nodes);
    case QuadratureKind::moving_simpson:
      return moving_simpson(options.nodes, seed, step);
    case QuadratureKind::gauss_legendre:
      return gauss_legendre(options.nodes);
    case QuadratureKind::trapezoid:
      return trapezoid(options.nodes);
    case QuadratureKind::clenshaw_curtis:
      return clenshaw_curtis(options.nodes);
    case QuadratureKind::monte_carlo:
      return monte_carlo(options.nodes, seed, step);
  }
  throw UsageError("unknown quadrature rule");
}

QuadratureRule at_times(const QuadratureRule& rule, QuadratureKind kind, const std::vector<double>& times) {
  const std::size_t count = rule.nodes.size();
  if (!can_move(kind)) throw UsageError("the nodes of " + to_string(kind) + " cannot move to stored times.");
  if (times.size() < count)
    throw UsageError("option 'quadrature.at_frames': " + std::to_string(times.size()) +
                     " stored times are fewer than the rule's " + std::to_string(count) +
                     " nodes. Lower quadrature.nodes.");
  QuadratureRule moved{{}, std::vector<double>(count, 0)};
  for (const std::size_t k : nearest_times(rule.nodes, times)) moved.nodes.push_back(times[k]);
  const auto& t = moved.nodes;
  if (kind == QuadratureKind::monte_carlo) {
    moved.weights = rule.weights;
  } else if (kind == QuadratureKind::trapezoid) {
    for (std::size_t q = 0; q + 1 < count; ++q) {
      moved.weights[q] += (t[q + 1] - t[q]) / 2;
      moved.weights[q + 1] += (t[q + 1] - t[q]) / 2;
    }
  } else {
    const bool moving = kind == QuadratureKind::moving_simpson;
    if (moving) {
      moved.weights.front() = t[1];
      moved.weights.back() = 1 - t[count - 2];
    }
    for (std::size_t q = moving ? 1 : 0; q + 2 < count; q += 2)
      add_panel(t[q + 1] - t[q], t[q + 2] - t[q + 1], &moved.weights[q]);
  }
  return moved;
}

}  // namespace scorefield::training
