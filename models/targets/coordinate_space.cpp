#include "models/targets/coordinate_space.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;
using Kind = CoordinateSpace::Kind;

constexpr double kLargest = 700;  ///< e^u neither overflows nor is 0
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const std::vector<std::string> kKinds{"auto", "none", "log", "logit", "ordered", "simplex"};

/// "log", or "log*3" for three coordinates.
std::pair<std::string, std::optional<std::int64_t>> counted_word(const std::string& word) {
  const auto star = word.find('*');
  const std::string kind = trimmed(word.substr(0, star));
  if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end())
    throw UsageError("option 'target.transform': " + unknown_name_message("transform", kind, kKinds));
  if (star == std::string::npos) return {kind, std::nullopt};
  return {kind, parse_whole_number("the number of coordinates in '" + word + "'", trimmed(word.substr(star + 1)),
                                   scorefield::in(1, 1e6))};
}

/// One kind for each group of neighbours: singles, except for ordered and simplex, which belong together.
std::vector<std::pair<std::string, std::int64_t>> kinds_of(const std::string& transform, std::int64_t p) {
  const auto words = comma_separated(transform);
  std::vector<std::pair<std::string, std::int64_t>> kinds;
  std::int64_t sum = 0;
  for (const auto& word : words) {
    const auto [kind, count] = counted_word(word);
    kinds.emplace_back(kind, count.value_or(words.size() == 1 ? p : 1));
    sum += kinds.back().second;
  }
  if (sum != p)
    throw UsageError("option 'target.transform' speaks of " + std::to_string(sum) + " coordinates, the target has " +
                     std::to_string(p) + ". One word stands for all; WORD*COUNT for several.");
  return kinds;
}

/// What a transform needs of the bounds.
[[noreturn]] void refuse_bounds(const std::string& kind, std::int64_t coordinate, const std::string& expected) {
  throw UsageError("option 'target.transform': " + kind + " of coordinate " + std::to_string(coordinate + 1) +
                   " needs " + expected + " in target.bounds.");
}

std::pair<Kind, Interval> one_kind(const std::string& word, std::int64_t coordinate,
                                   const std::optional<Interval>& given) {
  const Interval bounds = given.value_or(word == "log"     ? Interval{0, kInfinity}
                                         : word == "logit" ? Interval{0, 1}
                                                           : Interval{-kInfinity, kInfinity});
  const int finite = static_cast<int>(std::isfinite(bounds.lower)) + static_cast<int>(std::isfinite(bounds.upper));
  if (word == "auto") return {finite == 2 ? Kind::logit : finite == 1 ? Kind::log : Kind::none, bounds};
  if (word == "log" && finite != 1) refuse_bounds(word, coordinate, "one finite limit");
  if (word == "logit" && finite != 2) refuse_bounds(word, coordinate, "two finite limits");
  return {word == "log" ? Kind::log : word == "logit" ? Kind::logit : Kind::none, bounds};
}

/// Rounding and overflow do not reach a limit.
Tensor limited(const Tensor& x, const Interval& bounds) {
  const auto kept = x.detach().clamp(std::nextafter(bounds.lower, kInfinity), std::nextafter(bounds.upper, -kInfinity));
  return torch::where(x.detach() == kept, x, kept);
}

CoordinateSpace::Point ordered_forward(const Tensor& u) {
  const auto steps = torch::cat({u.narrow(1, 0, 1), u.narrow(1, 1, u.size(1) - 1).clamp(-kLargest, kLargest).exp()}, 1);
  return {steps.cumsum(1), u.narrow(1, 1, u.size(1) - 1).sum(1)};
}

/// Stick-breaking: of what is left, the share z_k.
CoordinateSpace::Point simplex_forward(const Tensor& u) {
  const auto parts = u.size(1) + 1;
  const auto shifted = u - torch::arange(parts - 1, 0, -1, u.options()).log();
  const auto log_share = at::log_sigmoid(shifted), log_rest = at::log_sigmoid(-shifted);
  const auto nothing = torch::zeros({u.size(0), 1}, u.options());
  const auto log_left = torch::cat({nothing, log_rest.cumsum(1)}, 1);  // before each break, and at the end
  const auto log_x = torch::cat({log_left.narrow(1, 0, parts - 1) + log_share, log_left.narrow(1, parts - 1, 1)}, 1);
  return {log_x.exp(), (log_left.narrow(1, 0, parts - 1) + log_share + log_rest).sum(1)};
}

Tensor simplex_backward(const Tensor& x) {
  const auto parts = x.size(1);
  const auto left = x.flip({1}).cumsum(1).flip({1}).narrow(1, 1, parts - 1);  // after each break
  return x.narrow(1, 0, parts - 1).log() - left.log() + torch::arange(parts - 1, 0, -1, x.options()).log();
}

}  // namespace

void bind(OptionSet& set, SpaceOptions& options, const std::string& prefix) {
  set.add(prefix + "bounds", options.bounds,
          "of a density: limits of each coordinate, or of all alike; samplers move transformed coordinates and files "
          "hold yours");
  set.add(
      prefix + "transform", options.transform,
      "of a density, per coordinate or for all alike, as in \"log, none*2, ordered*3\": auto (by the bounds), none, "
      "log, logit, ordered, simplex");
  set.add(prefix + "variables", options.variables,
          "of a density: names and shapes of its coordinates in their order, as in \"mu, theta[8], w[2,3]\"");
}

CoordinateSpace::CoordinateSpace(const SpaceOptions& options, std::int64_t p) : user_dimension_(p) {
  const auto& bounds = options.bounds;
  if (bounds.size() > 1 && std::ssize(bounds) != p)
    throw UsageError("option 'target.bounds' has " + std::to_string(bounds.size()) + " intervals, the target has " +
                     std::to_string(p) + " coordinates. One interval stands for all.");
  const auto bounds_of = [&](std::int64_t i) {
    return bounds.empty() ? std::optional<Interval>() : bounds[bounds.size() == 1 ? 0 : static_cast<std::size_t>(i)];
  };
  std::int64_t user = 0;
  for (const auto& [word, count] : kinds_of(options.transform, p)) {
    const bool together = word == "ordered" || word == "simplex";
    if (together && count < 2)
      throw UsageError("option 'target.transform': " + word + " needs two or more coordinates: " + word + "*2.");
    for (std::int64_t i = 0; i < (together ? 1 : count); ++i) {
      Block block{word == "ordered" ? Kind::ordered : Kind::simplex, {-kInfinity, kInfinity}, user, count, dimension_};
      if (together && !bounds.empty() && bounds_of(user) != block.bounds) refuse_bounds(word, user, "no limits");
      if (!together) {
        std::tie(block.kind, block.bounds) = one_kind(word, user, bounds_of(user));
        block.count = 1;
      }
      user += block.count;
      dimension_ += block.moved();
      blocks_.push_back(block);
    }
  }
}

bool CoordinateSpace::identity() const {
  return std::all_of(blocks_.begin(), blocks_.end(), [](const Block& block) {
    return block.kind == Kind::none && block.bounds == Interval{-kInfinity, kInfinity};
  });
}

CoordinateSpace::Point CoordinateSpace::forward(const Block& block, const Tensor& u) {
  const auto [lower, upper] = block.bounds;
  switch (block.kind) {
    case Kind::log: {
      const auto distance = u.clamp(-kLargest, kLargest).exp();
      return {limited(std::isfinite(lower) ? lower + distance : upper - distance, block.bounds), u.sum(1)};
    }
    case Kind::logit:
      return {limited(lower + (upper - lower) * u.sigmoid(), block.bounds),
              (at::log_sigmoid(u) + at::log_sigmoid(-u)).sum(1) + std::log(upper - lower)};
    case Kind::ordered:
      return ordered_forward(u);
    case Kind::simplex:
      return simplex_forward(u);
    case Kind::none:
      break;
  }
  return {u, torch::zeros({u.size(0)}, u.options())};
}

Tensor CoordinateSpace::backward(const Block& block, const Tensor& x) {
  const auto [lower, upper] = block.bounds;
  switch (block.kind) {
    case Kind::log:
      return (std::isfinite(lower) ? x - lower : upper - x).log();
    case Kind::logit:
      return (x - lower).log() - (upper - x).log();
    case Kind::ordered:
      return torch::cat({x.narrow(1, 0, 1), (x.narrow(1, 1, x.size(1) - 1) - x.narrow(1, 0, x.size(1) - 1)).log()}, 1);
    case Kind::simplex:
      return simplex_backward(x);
    case Kind::none:
      break;
  }
  return x;
}

CoordinateSpace::Point CoordinateSpace::to_user(const Tensor& u) const {
  std::vector<Tensor> x;
  auto log_det = torch::zeros({u.size(0)}, u.options());
  for (const auto& block : blocks_) {
    const auto point = forward(block, u.narrow(1, block.free, block.moved()));
    x.push_back(point.x);
    if (block.kind != Kind::none) log_det = log_det + point.log_det;
  }
  return {torch::cat(x, 1), log_det};
}

Tensor CoordinateSpace::inside(const Tensor& x) const {
  auto in = torch::isfinite(x).all(1);
  for (const auto& block : blocks_) {
    const auto own = x.narrow(1, block.user, block.count);
    in = in & (own > block.bounds.lower).all(1) & (own < block.bounds.upper).all(1);
    if (block.kind == Kind::ordered)
      in = in & (own.narrow(1, 1, block.count - 1) > own.narrow(1, 0, block.count - 1)).all(1);
    if (block.kind == Kind::simplex) in = in & (own > 0).all(1) & ((own.sum(1) - 1).abs() < 1e-8);
  }
  return in;
}

Tensor CoordinateSpace::from_user(const Tensor& x) const {
  const auto outside = (~inside(x)).nonzero();
  if (outside.numel() > 0)
    throw UsageError("point " + std::to_string(outside[0][0].item<std::int64_t>()) + " and " +
                     std::to_string(outside.size(0) - 1) +
                     " others lie outside of the target's bounds (target.bounds, target.transform).");
  std::vector<Tensor> u;
  for (const auto& block : blocks_) u.push_back(backward(block, x.narrow(1, block.user, block.count)));
  return torch::cat(u, 1);
}

}  // namespace scorefield::targets
