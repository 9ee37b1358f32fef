#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.hpp"

namespace scorefield::training {

enum class QuadratureKind { simpson, moving_simpson, gauss_legendre, trapezoid, clenshaw_curtis, monte_carlo };

/// Which rule integrates the loss over time, and with how many nodes.
struct QuadratureOptions {
  QuadratureKind kind = QuadratureKind::simpson;
  std::int64_t nodes = 129;     ///< Q
  std::int64_t end_groups = 1;  ///< groups of samples that share each boundary term
  bool at_frames = false;  ///< nodes move to stored times, and weights with them: no sample is interpolated in time
};

/// int_0^1 f(t) dt ~ sum_q weights[q] f(nodes[q]). Nodes increase; weights are positive and sum to 1.
struct QuadratureRule {
  std::vector<double> nodes;    ///< [Q], in [0, 1]
  std::vector<double> weights;  ///< [Q]
};

/// Keys quadrature.rule, .nodes, .end_groups and .at_frames.
void bind(OptionSet& set, QuadratureOptions& options);

/// "simpson", "gauss-legendre", ... as in quadrature.rule.
[[nodiscard]] std::string to_string(QuadratureKind kind);

/// Whether both ends of [0, 1] are nodes: the boundary terms of the loss then need no samples of their own.
[[nodiscard]] bool includes_ends(QuadratureKind kind);

/// @throws UsageError when the rule does not exist for this number of nodes (Simpson: odd and at least 3, moving 5;
/// trapezoid and Clenshaw-Curtis: at least 2; the others: at least 1).
void validate(const QuadratureOptions& options);

/// The rule on [0, 1]. Monte Carlo and moving Simpson draw their nodes afresh for every `step`, as a pure function of
/// (seed, step); the other rules ignore both. @throws UsageError (validate)
[[nodiscard]] QuadratureRule make_quadrature(const QuadratureOptions& options, std::uint64_t seed = 0,
                                             std::uint64_t step = 0);

/// The rule with every node at one of `times`, each of them at most once: the nearest as far as that goes. `times`
/// increase from 0 to 1. Simpson's panels keep their three nodes and take the weights that integrate parabolas through
/// them (the trapezoid's where the middle node lies so far off that one would vanish); random times keep their weights.
/// @throws UsageError: fewer times than nodes, or a rule whose nodes cannot move (Gauss-Legendre, Clenshaw-Curtis)
[[nodiscard]] QuadratureRule at_times(const QuadratureRule& rule, QuadratureKind kind,
                                      const std::vector<double>& times);

}  // namespace scorefield::training
