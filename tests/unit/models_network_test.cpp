#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "models/density_drift.hpp"
#include "models/derivatives.hpp"
#include "models/field_divergence.hpp"
#include "models/forward_laplacian.hpp"
#include "models/network_drift.hpp"
#include "models/score_network.hpp"
#include "models/serial_section.hpp"
#include "models/sweeps/fused.hpp"
#include "models/sweeps/tensor_sweeps.hpp"
#include "models/tangent_drift.hpp"
#include "tests/support/gradient_check.hpp"
#include "tests/support/instruction_sets.hpp"

namespace scorefield::models {
namespace {

using torch::Tensor;

Normalizer make_normalizer(bool periodic) {
  Normalizer normalizer;
  normalizer.center = {0, 0.3};
  normalizer.scale = {2.0, 1.5};
  normalizer.periods = {periodic ? 7.0 : 0.0, 0.0};
  normalizer.mu_center = {1.5};
  normalizer.mu_scale = {0.5};
  return normalizer;
}

/// A network whose every parameter is away from its special starting value (B and C start at zero).
std::shared_ptr<ScoreNetwork> make_network(std::int64_t width, std::int64_t depth, std::int64_t rank, bool periodic,
                                           torch::Dtype dtype) {
  torch::manual_seed(3);
  ModelOptions options;
  options.width = width;
  options.depth = depth;
  options.rank = rank;
  options.bias_latents = 5;
  auto network = std::make_shared<ScoreNetwork>(options, make_normalizer(periodic));
  network->to(dtype);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : network->parameters()) parameter.add_(torch::randn_like(parameter) * 0.1);
  return network;
}

struct Points {
  Tensor x, velocity, mu, t;
};

Points make_points(std::int64_t groups, std::int64_t count, torch::Dtype dtype) {
  torch::manual_seed(5);
  return {torch::randn({groups, count, 2}, dtype), torch::randn({groups, count, 2}, dtype),
          torch::rand({groups, 1}, dtype) * 2 - 1, torch::rand({groups}, dtype)};
}

/// The same objective by double backward. probes: [P, G, N, d], or undefined for the exact Laplacian.
Tensor reference_objective(ScoreNetwork& network, const Points& points, const std::vector<kernels::GroupTerms>& terms,
                           const Tensor& probes = {}) {
  const auto x = points.x.detach().requires_grad_(true), t = points.t.detach().requires_grad_(true);
  const auto s = network.potential(x, points.mu, t);
  const auto derivatives = torch::autograd::grad({s.sum()}, {x, t}, {}, true, true);
  Tensor total = torch::zeros({}, x.options());
  for (std::int64_t g = 0; g < x.size(0); ++g) {
    const auto& term = terms[static_cast<std::size_t>(g)];
    const auto v = derivatives[0][g];
    total = total + term.scale * (term.kinetic * v.square().sum() / 2 + term.velocity * (points.velocity[g] * v).sum() +
                                  term.time * derivatives[1][g] + term.potential * s[g].sum() +
                                  term.reaction * s[g].square().sum() / 2);
    if (term.laplacian == 0) continue;
    const Potential of_group = [&](const Tensor& y) {
      return network.potential(y.unsqueeze(0), points.mu.narrow(0, g, 1), points.t.narrow(0, g, 1)).squeeze(0);
    };
    const auto laplacian = probes.defined() ? laplacian_hutchinson(of_group, points.x[g], probes.select(1, g), true)
                                            : laplacian_exact(of_group, points.x[g], true);
    total = total + term.scale * term.laplacian * laplacian.sum();
  }
  return total;
}

std::vector<Tensor> gradients_of(ScoreNetwork& network, const Tensor& objective) {
  network.zero_grad();
  const SerialSection serial;  // as the trainer
  objective.backward();
  std::vector<Tensor> gradients;
  for (const auto& parameter : network.parameters())
    gradients.push_back(parameter.grad().defined() ? parameter.grad().clone() : torch::zeros_like(parameter));
  return gradients;
}

Tensor fused(ScoreNetwork& network, const Points& points, const std::vector<kernels::GroupTerms>& terms,
             const Tensor& probes = {}) {
  const auto weights = network.modulation().weights(points.mu, points.t, true);
  return fused_objective(network.shape(), weights, terms, {points.x, points.velocity, probes});
}

std::vector<kernels::GroupTerms> mixed_terms() {
  return {{.kinetic = 1, .velocity = -1, .scale = 0.3},
          {.kinetic = 1, .time = 1, .scale = 0.2},
          {.kinetic = 1, .time = 1, .potential = 2.5, .scale = 0.1},
          {.kinetic = 0, .potential = -1, .scale = 0.4},
          {.kinetic = 1, .velocity = 0.5, .time = 0.7, .potential = -0.2, .scale = 0.6}};
}

/// The same with groups whose mass grows.
std::vector<kernels::GroupTerms> growing_terms() {
  auto terms = mixed_terms();
  terms.push_back({.kinetic = 1, .time = 1, .potential = 0.4, .reaction = 0.8, .scale = 0.5});
  terms.push_back({.kinetic = 0, .reaction = 1.3, .scale = 0.3});
  return terms;
}

/// The same with a Laplacian in some groups, alone and beside every other term.
std::vector<kernels::GroupTerms> entropic_terms() {
  auto terms = mixed_terms();
  terms[0].laplacian = 0.3;
  terms[1].laplacian = 0.05;
  terms[4].laplacian = 0.4;
  terms.push_back({.kinetic = 0, .laplacian = 1.5, .scale = 0.2});
  return terms;
}

/// `zero`: what round-off leaves of gradients that cancel.
void expect_close(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected,
                  const std::vector<std::string>& names, double zero = 1e-15) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = (actual[i] - expected[i]).norm().item<double>();
    EXPECT_LT(error, 1e-12 * expected[i].norm().item<double>() + zero) << names[i];
  }
}

struct Case {
  std::int64_t width, depth, rank, count;
  bool periodic;
};

class FusedGradient : public ::testing::TestWithParam<std::tuple<Case, simd::InstructionSet>> {
 private:
  test::WithInstructionSet set_{std::get<1>(GetParam())};
};

TEST_P(FusedGradient, EqualsDoubleBackward) {
  const auto& c = std::get<0>(GetParam());
  const auto network = make_network(c.width, c.depth, c.rank, c.periodic, torch::kFloat64);
  const auto terms = growing_terms();
  const auto points = make_points(static_cast<std::int64_t>(terms.size()), c.count, torch::kFloat64);

  const auto reference = reference_objective(*network, points, terms);
  const auto value = fused(*network, points, terms);
  EXPECT_NEAR(value.item<double>(), reference.item<double>(), 1e-11 * std::abs(reference.item<double>()) + 1e-12);
  const auto expected = gradients_of(*network, reference), actual = gradients_of(*network, value);
  expect_close(actual, expected, network->named_parameters().keys());
}

TEST_P(FusedGradient, WithLaplacianEqualsDoubleBackward) {
  const auto& c = std::get<0>(GetParam());
  const auto network = make_network(c.width, c.depth, c.rank, c.periodic, torch::kFloat64);
  const auto terms = entropic_terms();
  const auto points =
      make_points(static_cast<std::int64_t>(terms.size()), std::min<std::int64_t>(c.count, 100), torch::kFloat64);
  const auto names = network->named_parameters().keys();
  for (const bool exact : {true, false}) {
    const auto probes = exact ? Tensor() : torch::randn({2, points.x.size(0), points.x.size(1), 2}, torch::kFloat64);
    const auto reference = reference_objective(*network, points, terms, probes);
    const auto value = fused(*network, points, terms, probes);
    EXPECT_NEAR(value.item<double>(), reference.item<double>(), 1e-11 * std::abs(reference.item<double>()) + 1e-12);
    const auto expected = gradients_of(*network, reference);
    expect_close(gradients_of(*network, value), expected, names);
  }
}

/// Weights of a group's own with dense rates, as a full hypernetwork makes them, must give what the factors give.
TEST_P(FusedGradient, OfMultipliedOutWeightsIsTheSame) {
  const auto& c = std::get<0>(GetParam());
  const auto network = make_network(c.width, c.depth, c.rank, c.periodic, torch::kFloat64);
  const auto terms = growing_terms();
  const auto points = make_points(static_cast<std::int64_t>(terms.size()), c.count, torch::kFloat64);
  const auto factors = network->modulation().weights(points.mu, points.t, true);
  const auto names = network->named_parameters().keys();
  ModulatedWeights dense{{}, factors.values, {}};
  for (const auto& layer : effective_weights(factors)) {
    ModulatedLayer own;
    own.weight = layer.weight;
    own.bias = layer.bias;
    own.weight_rate = layer.weight_rate;
    own.bias_rate = layer.bias_rate;
    dense.layers.push_back(own);
  }
  const auto expected = gradients_of(*network, fused(*network, points, terms));
  expect_close(gradients_of(*network, fused_objective(network->shape(), dense, terms, {points.x, points.velocity, {}})),
               expected, names);
}

/// Gauge points within the groups' own work items equal groups of their own, for groups of one and of several items.
TEST_P(FusedGradient, GaugePointsEqualGroupsOfTheirOwn) {
  const auto& c = std::get<0>(GetParam());
  const auto network = make_network(c.width, c.depth, c.rank, c.periodic, torch::kFloat64);
  std::vector<kernels::GroupTerms> terms{{.kinetic = 1, .time = 0.7, .potential = 2, .scale = 0.3},
                                         {.kinetic = 1, .time = 1, .scale = 0.5},
                                         {.kinetic = 0, .potential = -1, .scale = 0.2}};
  const auto points = make_points(static_cast<std::int64_t>(terms.size()), c.count, torch::kFloat64);
  const auto gauge = torch::randn({3, 2}, torch::kFloat64);
  const auto weights = network->modulation().weights(points.mu, points.t, true);
  const auto own = gauge_groups(gauge, terms, c.count);
  const auto main = fused_objective(network->shape(), weights, terms, {points.x, {}, {}, {}});
  const auto expected = gradients_of(*network, main);
  const auto own_weights = network->modulation().weights(points.mu, points.t, true);
  const auto apart = fused_objective(network->shape(), own_weights, own.terms, {own.x, {}, {}, {}});
  const auto at_gauge = gradients_of(*network, apart);
  const auto again = network->modulation().weights(points.mu, points.t, true);
  const auto together = fused_objective(network->shape(), again, terms, {points.x, {}, {}, gauge});
  const double value = main.item<double>() + apart.item<double>();
  EXPECT_NEAR(together.item<double>(), value, 1e-11 * std::abs(main.item<double>()));
  const auto actual = gradients_of(*network, together);
  // The parts cancel exactly where the potential shifts as a whole (the output layer's bias), so they give the scale.
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const double scale = expected[i].norm().item<double>() + at_gauge[i].norm().item<double>();
    EXPECT_LT((actual[i] - expected[i] - at_gauge[i]).norm().item<double>(), 1e-12 * scale + 1e-15)
        << network->named_parameters().keys()[i];
  }
}

TEST_P(FusedGradient, PotentialAndGradientEqualAutograd) {
  const auto& c = std::get<0>(GetParam());
  const auto network = make_network(c.width, c.depth, c.rank, c.periodic, torch::kFloat64);
  const auto points = make_points(3, c.count, torch::kFloat64);
  const auto x = points.x.detach().requires_grad_(true);
  const auto s = network->potential(x, points.mu, points.t);
  const auto gradient = torch::autograd::grad({s.sum()}, {x})[0];
  const auto weights = network->modulation().weights(points.mu, points.t, false);
  const auto potential = fused_potential(network->shape(), weights, points.x);
  const auto fused = fused_gradient(network->shape(), weights, points.x);
  EXPECT_LT((potential - s).abs().max().item<double>(), 1e-12 * s.abs().max().item<double>());
  EXPECT_LT((fused - gradient).abs().max().item<double>(), 1e-12 * gradient.abs().max().item<double>());
  const auto swept = swept_gradient(network->shape(), weights, points.x);
  EXPECT_LT((swept - gradient).abs().max().item<double>(), 1e-12 * gradient.abs().max().item<double>());
}

INSTANTIATE_TEST_SUITE_P(Shapes, FusedGradient,
                         ::testing::Combine(::testing::Values(Case{64, 3, 3, 100, true}, Case{64, 2, 4, 48, false},
                                                              Case{33, 1, 1, 7, true}, Case{20, 4, 17, 1, false},
                                                              Case{80, 2, 3, 1700, true}),
                                            test::kEveryInstructionSet),
                         [](const auto& info) {
                           return "w" + std::to_string(std::get<0>(info.param).width) + "d" +
                                  std::to_string(std::get<0>(info.param).depth) + "_" +
                                  test::identifier(std::get<1>(info.param));
                         });

struct ModulationCase {
  const char* name;
  ModulationKind kind;
  AlphaKind alpha = AlphaKind::per_rank;
  std::vector<double> layers = {};
};

class EveryModulation : public ::testing::TestWithParam<ModulationCase> {
 protected:
  static std::shared_ptr<ScoreNetwork> network(bool perturbed) {
    torch::manual_seed(7);
    ModelOptions options;
    options.width = 18;
    options.depth = 3;
    options.rank = 2;
    options.bias_latents = 3;
    options.hypernetwork_width = 9;
    options.time_features = 2;
    options.modulation = GetParam().kind;
    options.alpha = GetParam().alpha;
    options.modulated_layers = GetParam().layers;
    auto network = std::make_shared<ScoreNetwork>(options, make_normalizer(true));
    network->to(torch::kFloat64);
    const torch::NoGradGuard no_grad;
    if (perturbed)
      for (auto& parameter : network->parameters()) parameter.add_(torch::randn_like(parameter) * 0.1);
    return network;
  }
};

TEST_P(EveryModulation, KernelsAndSweepsEqualDoubleBackward) {
  const auto model = network(true);
  const auto terms = entropic_terms();
  const auto points = make_points(static_cast<std::int64_t>(terms.size()), 60, torch::kFloat64);
  const auto names = model->named_parameters().keys();
  const auto expected = gradients_of(*model, reference_objective(*model, points, terms));
  expect_close(gradients_of(*model, fused(*model, points, terms)), expected, names);
  for (const auto engine : {SweepEngine::operations, SweepEngine::blocks})
    expect_close(
        gradients_of(*model, swept_objective(model->shape(), model->modulation().weights(points.mu, points.t, true),
                                             terms, {points.x, points.velocity, {}}, engine)),
        expected, names);
}

TEST_P(EveryModulation, RatesAreTimeDerivatives) {
  const auto model = network(true);
  const auto points = make_points(3, 1, torch::kFloat64);
  const double h = 1e-5;
  const auto at = [&](double shift, bool rates) {
    return effective_weights(model->modulation().weights(points.mu, points.t + shift, rates));
  };
  const auto rates = at(0, true), later = at(h, false), earlier = at(-h, false);
  for (std::size_t l = 0; l < rates.size(); ++l) {
    EXPECT_LT((rates[l].weight_rate - (later[l].weight - earlier[l].weight) / (2 * h)).abs().max().item<double>(),
              1e-8);
    EXPECT_LT((rates[l].bias_rate - (later[l].bias - earlier[l].bias) / (2 * h)).abs().max().item<double>(), 1e-8);
  }
}

TEST_P(EveryModulation, StartsFromAPlainNetwork) {
  const auto points = make_points(2, 1, torch::kFloat64);
  const auto layers = effective_weights(network(false)->modulation().weights(points.mu, points.t, false));
  for (std::size_t l = 0; l < layers.size(); ++l) {
    EXPECT_TRUE(torch::equal(layers[l].weight[0], layers[l].weight[1]));
    // Appended inputs are a bias of the first layer that depends on mu and t from the start.
    const bool conditioned = GetParam().kind == ModulationKind::none && l == 0;
    EXPECT_EQ(torch::equal(layers[l].bias[0], layers[l].bias[1]), !conditioned);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Modulations, EveryModulation,
    ::testing::Values(ModulationCase{"colora", ModulationKind::colora},
                      ModulationCase{"colora_scalar", ModulationKind::colora, AlphaKind::scalar},
                      ModulationCase{"colora_scalar_two_layers", ModulationKind::colora, AlphaKind::scalar, {2, 4}},
                      ModulationCase{"colora_first_layer", ModulationKind::colora, AlphaKind::per_rank, {1}},
                      ModulationCase{"film", ModulationKind::film},
                      ModulationCase{"film_middle", ModulationKind::film, AlphaKind::per_rank, {2}},
                      ModulationCase{"hypernetwork", ModulationKind::hypernetwork},
                      ModulationCase{"hypernetwork_output", ModulationKind::hypernetwork, AlphaKind::per_rank, {1, 4}},
                      ModulationCase{"none", ModulationKind::none}),
    [](const auto& info) { return info.param.name; });

/// Layers that are not listed have one weight for all (mu, t), and a scalar alpha moves all ranks together.
TEST(ModulatedLayers, AreTheListedOnesAndNoOthers) {
  for (const auto kind : {ModulationKind::colora, ModulationKind::film, ModulationKind::hypernetwork}) {
    ModelOptions options;
    options.depth = 3;
    options.width = 8;
    options.modulation = kind;
    options.modulated_layers = {2};
    torch::manual_seed(1);
    ScoreNetwork network(options, make_normalizer(true));
    network.to(torch::kFloat64);
    const torch::NoGradGuard no_grad;
    for (auto& parameter : network.parameters()) parameter.add_(torch::randn_like(parameter) * 0.1);
    const auto points = make_points(2, 1, torch::kFloat64);
    const auto layers = effective_weights(network.modulation().weights(points.mu, points.t, false));
    for (std::size_t l = 0; l < layers.size(); ++l) {
      EXPECT_EQ(torch::equal(layers[l].weight[0], layers[l].weight[1]), l != 1) << l;
      EXPECT_EQ(torch::equal(layers[l].bias[0], layers[l].bias[1]), l != 1) << l;
    }
  }
}

TEST(ModulatedLayers, ScalarAlphaHasOneOutputPerLayer) {
  ModelOptions options;
  options.depth = 2;
  options.width = 8;
  options.bias_latents = 3;
  const auto count = [&] { return ScoreNetwork(options, make_normalizer(false)).parameter_count(); };
  const auto per_rank = count();
  options.alpha = AlphaKind::scalar;
  const auto outputs = 3 * (options.rank - 1);  // of three layers
  EXPECT_EQ(per_rank - count(), outputs * (options.hypernetwork_width + 1));
  EXPECT_EQ(ScoreNetwork(options, make_normalizer(false)).plain_parameter_count(), 3 * 8 + 9 * 8 + 9);
  options.modulated_layers = {4};
  EXPECT_THROW(validate(options), UsageError);
  options.modulated_layers = {1.5};
  EXPECT_THROW(validate(options), UsageError);
}

/// Second derivatives by a forward pass equal those by autograd, with and without harmonics.
std::shared_ptr<ScoreNetwork> make_vector_network(const Case& c, ModulationKind modulation, torch::Dtype dtype) {
  torch::manual_seed(3);
  ModelOptions options;
  options.width = c.width;
  options.depth = c.depth;
  options.rank = c.rank;
  options.bias_latents = 5;
  options.modulation = modulation;
  options.vector = true;
  auto network = std::make_shared<ScoreNetwork>(options, make_normalizer(c.periodic));
  network->to(dtype);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : network->parameters()) parameter.add_(torch::randn_like(parameter) * 0.1);
  return network;
}

std::vector<kernels::GroupTerms> regression_terms() {
  return {{.kinetic = 1, .velocity = -1, .scale = 0.3},
          {.kinetic = 1, .scale = 0.2},
          {.kinetic = 0, .velocity = 0.7, .scale = 0.4},
          {.kinetic = 0, .scale = 0.5}};
}

/// sum over groups of scale sum (kinetic |b|^2/2 + velocity y.b).
Tensor reference_regression(ScoreNetwork& network, const Points& points,
                            const std::vector<kernels::GroupTerms>& terms) {
  const auto b = network.vector_field(points.x, points.mu, points.t);
  Tensor total = torch::zeros({}, b.options());
  for (std::int64_t g = 0; g < b.size(0); ++g) {
    const auto& term = terms[static_cast<std::size_t>(g)];
    total = total +
            term.scale * (term.kinetic * b[g].square().sum() / 2 + term.velocity * (points.velocity[g] * b[g]).sum());
  }
  return total;
}

TEST_P(FusedGradient, OfAVectorFieldEqualsAutograd) {
  const auto& c = std::get<0>(GetParam());
  for (const auto modulation : {ModulationKind::colora, ModulationKind::hypernetwork}) {
    const auto network = make_vector_network(c, modulation, torch::kFloat64);
    const auto terms = regression_terms();
    const auto points = make_points(static_cast<std::int64_t>(terms.size()), c.count, torch::kFloat64);
    const auto reference = reference_regression(*network, points, terms);
    const auto weights = network->modulation().weights(points.mu, points.t, false);
    const auto value = fused_objective(network->shape(), weights, terms, {points.x, points.velocity, {}});
    EXPECT_NEAR(value.item<double>(), reference.item<double>(), 1e-11 * std::abs(reference.item<double>()) + 1e-12);
    const auto expected = gradients_of(*network, reference);
    expect_close(gradients_of(*network, value), expected, network->named_parameters().keys());
    const auto field = network->field(points.x[1], points.mu.narrow(0, 1, 1), points.t[1].item<double>());
    EXPECT_LT((field - network->vector_field(points.x, points.mu, points.t)[1]).abs().max().item<double>(), 1e-12);
  }
}

TEST(VectorField, DivergenceAndTangentsEqualDerivatives) {
  const auto network = make_vector_network({16, 2, 2, 7, true}, ModulationKind::colora, torch::kFloat64);
  const auto points = make_points(1, 7, torch::kFloat64);
  const auto x = points.x.detach().requires_grad_(true), mu = points.mu.detach().requires_grad_(true);
  const auto b = network->vector_field(x, mu, points.t);
  Tensor divergence = torch::zeros({7}, x.options());
  for (const std::int64_t c : {0, 1})
    divergence = divergence + torch::autograd::grad({b.select(2, c).sum()}, {x}, {}, true)[0][0].select(1, c);
  const double physical =
      network->normalizer().mu_center[0] + points.mu.item<double>() * network->normalizer().mu_scale[0];
  const DensityDrift density(network, {physical});
  const auto state = torch::cat({points.x[0], torch::zeros({7, 1}, x.options())}, 1);
  const auto rates = density.drift(state, points.t.item<double>());
  EXPECT_LT((rates.narrow(1, 0, 2) - b[0]).abs().max().item<double>(), 1e-12);
  EXPECT_LT((rates.select(1, 2) + divergence).abs().max().item<double>(), 1e-12);
  // Probes see the same where they are the unit vectors times the square root of their number.
  const auto weights = network->modulation().weights(points.mu, points.t, false);
  const auto probes = std::sqrt(2.0) * torch::eye(2, x.options()).unsqueeze(1).expand({2, 7, 2});
  EXPECT_LT((field_and_divergence(network->shape(), weights, points.x, probes).divergence[0] - divergence)
                .abs()
                .max()
                .item<double>(),
            1e-12);
  // dX/dmu moves with the derivative of b along (dX/dmu, dmu).
  const auto dx = torch::randn({7, 2}, x.options());
  const auto tangent =
      TangentDrift(network, {physical}).drift(torch::cat({points.x[0], dx}, 1), points.t.item<double>());
  const double h = 1e-5;
  const auto moved = [&](double sign) {
    return network->vector_field(points.x + sign * h * dx, points.mu + sign * h, points.t)[0];
  };
  EXPECT_LT((tangent.narrow(1, 2, 2) - (moved(1) - moved(-1)) / (2 * h)).abs().max().item<double>(), 1e-8);
}

TEST(ForwardLaplacian, EqualsAutograd) {
  for (const bool periodic : {false, true}) {
    const auto network = make_network(20, 3, 2, periodic, torch::kFloat64);
    const auto points = make_points(2, 40, torch::kFloat64);
    const auto weights = network->modulation().weights(points.mu, points.t, false);
    const auto found = forward_laplacian(network->shape(), weights, points.x);
    for (std::int64_t g = 0; g < 2; ++g) {
      const Potential of_group = [&](const Tensor& y) {
        return network->potential(y.unsqueeze(0), points.mu.narrow(0, g, 1), points.t.narrow(0, g, 1)).squeeze(0);
      };
      EXPECT_LT((found.laplacian[g] - laplacian_exact(of_group, points.x[g])).abs().max().item<double>(), 1e-11);
      EXPECT_LT((found.gradient[g] - gradient(of_group, points.x[g])).abs().max().item<double>(), 1e-12);
    }
  }
}

/// The sweeps that other devices use: in LibTorch operations, and by blocks of threads. Of the latter two ranges of a
/// group's points, the last tile of which is not full.
class SweptObjective : public ::testing::TestWithParam<std::tuple<SweepEngine, std::int64_t>> {};

TEST_P(SweptObjective, EqualsTheKernels) {
  const auto [engine, width] = GetParam();
  for (const bool laplacian : {false, true}) {
    const auto network = make_network(width, 3, 2, true, torch::kFloat64);
    const auto terms = laplacian ? entropic_terms() : mixed_terms();
    const auto points = make_points(static_cast<std::int64_t>(terms.size()), 75, torch::kFloat64);
    const auto names = network->named_parameters().keys();
    const auto probes = torch::randn({3, points.x.size(0), 75, 2}, torch::kFloat64);
    const auto gauge = torch::randn({7, 2}, torch::kFloat64);
    for (const auto& given : {Tensor(), probes}) {
      const auto weights = [&] { return network->modulation().weights(points.mu, points.t, true); };
      const GroupPoints at{points.x, points.velocity, given, gauge};
      const auto kernels = fused_objective(network->shape(), weights(), terms, at);
      const auto swept = swept_objective(network->shape(), weights(), terms, at, engine);
      EXPECT_NEAR(swept.item<double>(), kernels.item<double>(), 1e-12 * std::abs(kernels.item<double>()) + 1e-13);
      const auto expected = gradients_of(*network, kernels);
      expect_close(gradients_of(*network, swept), expected, names, 1e-12);  // of the output's bias nothing is left
    }
  }
}

TEST_P(SweptObjective, EqualsTheKernelsInItsGradientWithRespectToTheVelocity) {
  const auto [engine, width] = GetParam();
  const auto network = make_network(width, 2, 2, true, torch::kFloat64);
  auto points = make_points(5, 40, torch::kFloat64);
  points.velocity.requires_grad_(true);
  const auto weights = network->modulation().weights(points.mu, points.t, true);
  const GroupPoints at{points.x, points.velocity, {}, {}};
  const auto by = [&](const Tensor& objective) {
    return torch::autograd::grad({objective}, {points.velocity}, {}, true)[0];
  };
  const auto expected = by(fused_objective(network->shape(), weights, mixed_terms(), at));
  const auto found = by(swept_objective(network->shape(), weights, mixed_terms(), at, engine));
  EXPECT_LT((found - expected).abs().max().item<double>(), 1e-12 * expected.abs().max().item<double>());
}

/// Also where blocks of a device's threads do not know the reaction.
TEST_P(SweptObjective, GrowthEqualsTheKernels) {
  const auto [engine, width] = GetParam();
  const auto network = make_network(width, 2, 2, true, torch::kFloat64);
  const auto terms = growing_terms();
  const auto points = make_points(static_cast<std::int64_t>(terms.size()), 40, torch::kFloat64);
  const auto weights = network->modulation().weights(points.mu, points.t, true);
  const GroupPoints at{points.x, points.velocity, {}, {}};
  const auto kernels = fused_objective(network->shape(), weights, terms, at);
  const auto expected = gradients_of(*network, kernels);
  const auto again = network->modulation().weights(points.mu, points.t, true);
  const auto swept = swept_objective(network->shape(), again, terms, at, engine);
  EXPECT_NEAR(swept.item<double>(), kernels.item<double>(), 1e-11 * std::abs(kernels.item<double>()));
  const auto found = gradients_of(*network, swept);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_LT((found[i] - expected[i]).norm().item<double>(), 1e-10 * (1 + expected[i].norm().item<double>())) << i;
}

TEST_P(SweptObjective, FieldEqualsTheKernels) {
  const auto [engine, width] = GetParam();
  const auto network = make_network(width, 3, 2, true, torch::kFloat64);
  const auto points = make_points(4, 75, torch::kFloat64);
  const auto weights = network->modulation().weights(points.mu, points.t, false);
  const auto expected = fused_gradient(network->shape(), weights, points.x);
  const auto found = swept_gradient(network->shape(), weights, points.x, engine);
  EXPECT_LT((found - expected).abs().max().item<double>(), 1e-12 * expected.abs().max().item<double>());
}

INSTANTIATE_TEST_SUITE_P(Engines, SweptObjective,
                         ::testing::Combine(::testing::Values(SweepEngine::operations, SweepEngine::blocks),
                                            ::testing::Values<std::int64_t>(20, 67)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param) == SweepEngine::blocks ? "Blocks"
                                                                                             : "Operations") +
                                  "_w" + std::to_string(std::get<1>(info.param));
                         });

TEST(FusedGradientFloat, ErrorNoWorseThanDoubleBackward) {
  const auto single = make_network(64, 6, 4, true, torch::kFloat32),
             exact = make_network(64, 6, 4, true, torch::kFloat32);
  exact->to(torch::kFloat64);
  const auto terms = mixed_terms();
  auto points = make_points(static_cast<std::int64_t>(terms.size()), 200, torch::kFloat32);
  const auto by_autograd = gradients_of(*single, reference_objective(*single, points, terms));
  const auto by_kernels = gradients_of(*single, fused(*single, points, terms));
  const auto by_blocks =
      gradients_of(*single, swept_objective(single->shape(), single->modulation().weights(points.mu, points.t, true),
                                            terms, {points.x, points.velocity, {}}, SweepEngine::blocks));
  for (auto* tensor : {&points.x, &points.velocity, &points.mu, &points.t}) *tensor = tensor->to(torch::kFloat64);
  const auto truth = gradients_of(*exact, reference_objective(*exact, points, terms));
  double autograd_error = 0, kernel_error = 0, block_error = 0, norm = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    autograd_error += (by_autograd[i].to(torch::kFloat64) - truth[i]).square().sum().item<double>();
    kernel_error += (by_kernels[i].to(torch::kFloat64) - truth[i]).square().sum().item<double>();
    block_error += (by_blocks[i].to(torch::kFloat64) - truth[i]).square().sum().item<double>();
    norm += truth[i].square().sum().item<double>();
  }
  EXPECT_LT(std::sqrt(kernel_error), 1.5 * std::sqrt(autograd_error));
  EXPECT_LT(std::sqrt(block_error), 1.5 * std::sqrt(autograd_error));
  EXPECT_LT(std::sqrt(block_error), 1e-5 * std::sqrt(norm));
}

TEST(FusedGradientThreads, ResultIsTheSameForAnyThreadCount) {
  const auto network = make_network(64, 3, 3, true, torch::kFloat32);
  const auto terms = entropic_terms();
  const auto points = make_points(static_cast<std::int64_t>(terms.size()), 3500, torch::kFloat32);
  const int before = thread_count();
  at::set_num_threads(2);  // which BLAS remembers when our own threads change
  std::vector<std::vector<Tensor>> results;
  for (const int threads : {1, 2, 3}) {
    set_thread_count(threads);
    results.push_back(gradients_of(*network, fused(*network, points, terms)));
  }
  set_thread_count(before);
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    for (const std::size_t other : {1, 2})
      EXPECT_TRUE(torch::equal(results[0][i], results[other][i]))
          << "tensor " << i << " " << results[0][i].sizes() << ", " << other + 1 << " threads, largest difference "
          << (results[0][i] - results[other][i]).abs().max().item<double>();
  }
}

TEST(ScoreNetwork, PotentialIsPeriodicInPeriodicCoordinates) {
  const auto network = make_network(16, 2, 2, true, torch::kFloat64);
  const auto points = make_points(2, 9, torch::kFloat64);
  const auto shift = torch::tensor({network->normalizer().normalized_period(0), 0.0}, torch::kFloat64);
  const auto here = network->potential(points.x, points.mu, points.t);
  const auto there = network->potential(points.x + shift, points.mu, points.t);
  EXPECT_LT((here - there).abs().max().item<double>(), 1e-12);
}

TEST(ScoreNetwork, DerivativesMatchCentralDifferences) {
  const auto network = make_network(16, 2, 2, true, torch::kFloat64);
  const auto points = make_points(1, 6, torch::kFloat64);
  const auto potential_at = [&](const Tensor& x, const Tensor& t) {
    return network->potential(x.unsqueeze(0), points.mu, t).squeeze(0);
  };
  test_support::expect_gradients_match([&](const Tensor& x) { return potential_at(x, points.t); }, points.x[0]);

  // All points of a group share its time, so the derivative of their sum is that of the group.
  const double h = 1e-5;
  const auto x = points.x[0];
  const auto t = points.t.detach().clone().requires_grad_(true);
  const auto rate = torch::autograd::grad({potential_at(x, t).sum()}, {t})[0].item<double>();
  const auto difference =
      (potential_at(x, points.t + h) - potential_at(x, points.t - h)).sum().item<double>() / (2 * h);
  EXPECT_NEAR(rate, difference, 1e-8 * (1 + std::abs(difference)));
}

}  // namespace
}  // namespace scorefield::models
