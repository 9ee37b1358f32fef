#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/types.h>

#include <cmath>
#include <functional>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "training/optim/optimizer.hpp"
#include "training/optim/schedule.hpp"

namespace scorefield::optim {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using Loss = std::function<torch::Tensor(const NamedTensors&)>;

torch::Tensor parameter(const torch::Tensor& value) { return value.clone().requires_grad_(); }

torch::Tensor random_tensor(torch::IntArrayRef shape, std::uint64_t seed, torch::Dtype dtype = torch::kFloat32) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  return torch::randn(shape, generator, torch::TensorOptions().dtype(torch::kFloat64)).to(dtype);
}

/// Weights of every kind that a network has: layers of one shape, a stack, low-rank factors, a row, vectors, a scalar.
NamedTensors make_parameters(torch::Dtype dtype = torch::kFloat32) {
  NamedTensors parameters;
  const auto add = [&](const std::string& name, torch::IntArrayRef shape) {
    parameters.emplace_back(name, parameter(random_tensor(shape, 1 + parameters.size(), dtype)));
  };
  add("layer0.weight", {12, 12});
  add("layer1.weight", {12, 12});
  add("stack", {5, 12, 12});
  add("layer0.A", {12, 3});
  add("layer1.A", {12, 3});
  add("wide", {4, 400});
  add("last.weight", {1, 12});
  add("bias", {12});
  add("shift", {});
  return parameters;
}

/// A smooth non-quadratic function of all parameters, coupling them.
torch::Tensor coupled_loss(const NamedTensors& parameters) {
  torch::Tensor sum = torch::zeros({}, parameters.front().second.options().requires_grad(false));
  for (const auto& [name, p] : parameters) {
    const auto c = random_tensor(p.sizes(), 100 + static_cast<std::uint64_t>(p.numel()), p.scalar_type());
    sum = sum + (p - c).square().mean() + 0.1 * (p * c).mean().sin();
  }
  return sum;
}

void take_steps(Optimizer& optimizer, const Loss& loss, int steps, double learning_rate) {
  for (int i = 0; i < steps; ++i) {
    optimizer.zero_grad();
    loss(optimizer.parameters()).backward();
    optimizer.step(learning_rate);
  }
}

void expect_equal_bits(const NamedTensors& a, const NamedTensors& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].first, b[i].first);
    EXPECT_TRUE(torch::equal(a[i].second, b[i].second)) << a[i].first;
  }
}

NamedTensors clone(const NamedTensors& tensors) {
  NamedTensors copy;
  for (const auto& [name, tensor] : tensors) copy.emplace_back(name, tensor.detach().clone());
  return copy;
}

OptimizerOptions options_for(OptimizerKind kind) {
  OptimizerOptions options;
  options.kind = kind;
  return options;
}

// --- Adam against LibTorch's own, step by step ---

TEST(Adam, EqualsLibTorchStepByStep) {
  const NamedTensors ours = make_parameters(torch::kFloat64);
  std::vector<torch::Tensor> theirs;
  for (const auto& [name, p] : ours) theirs.push_back(parameter(p.detach()));
  auto optimizer = make_optimizer(ours, options_for(OptimizerKind::adam));
  torch::optim::Adam reference(theirs, torch::optim::AdamOptions(2e-2).betas({0.9, 0.999}).eps(1e-8));
  for (int step = 0; step < 25; ++step) {
    take_steps(*optimizer, coupled_loss, 1, 2e-2);
    NamedTensors named;
    for (std::size_t i = 0; i < theirs.size(); ++i) named.emplace_back(ours[i].first, theirs[i]);
    reference.zero_grad();
    coupled_loss(named).backward();
    reference.step();
    for (std::size_t i = 0; i < theirs.size(); ++i)
      ASSERT_LT((ours[i].second - theirs[i]).abs().max().item<double>(), 1e-13) << ours[i].first << " step " << step;
  }
}

TEST(Adam, WeightDecayEqualsLibTorchAdamW) {
  const auto start = random_tensor({7, 5}, 3, torch::kFloat64);
  const NamedTensors ours{{"w", parameter(start)}};
  const NamedTensors theirs{{"w", parameter(start)}};
  OptimizerOptions options = options_for(OptimizerKind::adam);
  options.weight_decay = 0.3;
  auto optimizer = make_optimizer(ours, options);
  torch::optim::AdamW reference({theirs[0].second}, torch::optim::AdamWOptions(1e-2).weight_decay(0.3));
  for (int step = 0; step < 25; ++step) {
    take_steps(*optimizer, coupled_loss, 1, 1e-2);
    reference.zero_grad();
    coupled_loss(theirs).backward();
    reference.step();
  }
  EXPECT_LT((ours[0].second - theirs[0].second).abs().max().item<double>(), 1e-13);
}

// --- SOAP ---

TEST(Soap, FirstStepOnlyInitialises) {
  const NamedTensors parameters = make_parameters();
  const NamedTensors before = clone(parameters);
  auto optimizer = make_optimizer(parameters, options_for(OptimizerKind::soap));
  take_steps(*optimizer, coupled_loss, 1, 1e-2);
  expect_equal_bits(clone(parameters), before);
  EXPECT_EQ(optimizer->steps(), 1);
}

TEST(Soap, WithoutPreconditionedSidesIsAdamOneStepLate) {
  OptimizerOptions options = options_for(OptimizerKind::soap);
  options.max_precond_dim = 0;
  const NamedTensors a = make_parameters(), b = make_parameters();
  auto soap = make_optimizer(a, options);
  options.kind = OptimizerKind::adam;
  options.beta1 = options.beta2 = 0.95;
  auto adam = make_optimizer(b, options);
  take_steps(*soap, coupled_loss, 11, 1e-2);
  take_steps(*adam, coupled_loss, 10, 1e-2);
  expect_equal_bits(clone(a), clone(b));
}

TEST(Soap, FirstUpdateFollowsTheDefinition) {
  // One m x n matrix with gradients G0 (initialisation) and G1: the bases are the eigenvectors of G0 G0^T and G0^T G0,
  // that is the singular vectors of G0 = U S V^T, and the first update is lr U sign(U^T G1 V) V^T.
  const auto w = parameter(torch::zeros({5, 5}, torch::kFloat64));
  const auto g0 = random_tensor({5, 5}, 21, torch::kFloat64), g1 = random_tensor({5, 5}, 22, torch::kFloat64);
  auto optimizer = make_optimizer({{"w", w}}, options_for(OptimizerKind::soap));
  w.mutable_grad() = g0.clone();
  optimizer->step(0.1);
  w.mutable_grad() = g1.clone();
  optimizer->step(0.1);
  const auto [u, s, vh] = torch::linalg_svd(g0);
  const auto expected = -0.1 * u.matmul(u.t().matmul(g1).matmul(vh.t()).sign()).matmul(vh);
  EXPECT_LT((w - expected).abs().max().item<double>(), 1e-6);
}

TEST(Soap, BasesStayOrthonormalAndTurnIntoTheFactorsEigenvectors) {
  const auto w = parameter(torch::zeros({8, 6}, torch::kFloat64));
  OptimizerOptions options = options_for(OptimizerKind::soap);
  options.precondition_frequency = 3;
  auto optimizer = make_optimizer({{"w", w}}, options);
  // Noise with fixed anisotropic covariance: left factor -> A^2 up to a factor, well separated eigenvalues.
  const auto scale = torch::pow(2.0, torch::arange(8, torch::kFloat64)).unsqueeze(1);
  const auto turn = std::get<0>(torch::linalg_qr(random_tensor({8, 8}, 5, torch::kFloat64)));
  for (std::uint64_t step = 0; step < 400; ++step) {
    w.mutable_grad() = turn.matmul(scale * random_tensor({8, 6}, 1000 + step, torch::kFloat64));
    optimizer->step(1e-3);
  }
  torch::Tensor factor, basis;
  for (const auto& [name, tensor] : optimizer->state()) {
    if (name == "left_factor.w") factor = tensor[0];
    if (name == "left_basis.w") basis = tensor[0];
  }
  const auto identity = torch::eye(8, torch::kFloat64);
  EXPECT_LT((basis.t().matmul(basis) - identity).abs().max().item<double>(), 1e-12);
  const auto rotated = basis.t().matmul(factor).matmul(basis);
  const auto diagonal = rotated.diagonal();
  const auto scaled = rotated / (diagonal.unsqueeze(0) * diagonal.unsqueeze(1)).sqrt();
  EXPECT_LT((scaled - identity).abs().max().item<double>(), 0.1) << "not diagonal in the basis";
  EXPECT_TRUE((diagonal.slice(0, 0, 7) > diagonal.slice(0, 1, 8)).all().item<bool>()) << "not sorted";
}

TEST(Soap, DoesNotDependOnHowMatricesAreBatched) {
  // A stack [3, 6, 6] and three single matrices are the same problem; refresh after every step makes the turns agree.
  OptimizerOptions options = options_for(OptimizerKind::soap);
  options.precondition_frequency = 1;
  const auto start = random_tensor({3, 6, 6}, 8, torch::kFloat64);
  const auto centre = random_tensor({3, 6, 6}, 9, torch::kFloat64);
  const NamedTensors stack{{"w", parameter(start)}};
  const NamedTensors single{{"a", parameter(start[0])}, {"b", parameter(start[1])}, {"c", parameter(start[2])}};
  const auto quartic = [&](const torch::Tensor& w) { return (w - centre).pow(4).sum() + w.sum(0).square().sum(); };
  auto first = make_optimizer(stack, options), second = make_optimizer(single, options);
  take_steps(*first, [&](const NamedTensors& p) { return quartic(p[0].second); }, 30, 1e-2);
  take_steps(
      *second, [&](const NamedTensors& p) { return quartic(torch::stack({p[0].second, p[1].second, p[2].second})); },
      30, 1e-2);
  for (int i = 0; i < 3; ++i)
    EXPECT_LT((stack[0].second[i] - single[static_cast<std::size_t>(i)].second).abs().max().item<double>(), 1e-10);
}

TEST(Soap, SurvivesParametersWithoutGradientAndOfRankOne) {
  const NamedTensors parameters{{"unused", parameter(torch::ones({4, 4}))}, {"used", parameter(torch::ones({4, 4}))}};
  auto optimizer = make_optimizer(parameters, options_for(OptimizerKind::soap));
  take_steps(*optimizer, [](const NamedTensors& p) { return p[1].second.sum().square(); }, 40, 1e-2);
  EXPECT_TRUE(torch::equal(parameters[0].second.detach(), torch::ones({4, 4})));
  EXPECT_TRUE(parameters[1].second.isfinite().all().item<bool>());
  // 39 updates of Frobenius norm ~1 along the gradient's only direction, the constant matrix: each entry moves lr / 4.
  EXPECT_NEAR(parameters[1].second.sum().item<double>(), 16 - 39 * 1e-2 * 16 / 4, 1e-2);
}

TEST(Soap, NonFiniteFirstGradientNamesTheParameter) {
  const auto w = parameter(torch::ones({4, 4}));
  auto optimizer = make_optimizer({{"layer3.weight", w}}, options_for(OptimizerKind::soap));
  w.mutable_grad() = torch::full({4, 4}, NAN);
  EXPECT_THAT([&] { optimizer->step(1e-3); }, ThrowsMessage<DivergenceError>(HasSubstr("layer3.weight")));
}

/// tr(W^T A W B) / 2 with rotated A and B of condition 1e3: its minimum 0 lies at W = 0.
struct RotatedBowl {
  torch::Tensor a, b;
  explicit RotatedBowl(std::int64_t n) {
    const auto spectrum = torch::logspace(-3, 0, n, 10.0, torch::kFloat64);
    const auto u = std::get<0>(torch::linalg_qr(random_tensor({n, n}, 31, torch::kFloat64)));
    const auto v = std::get<0>(torch::linalg_qr(random_tensor({n, n}, 32, torch::kFloat64)));
    a = u.matmul(spectrum.diag()).matmul(u.t());
    b = v.matmul(spectrum.diag()).matmul(v.t());
  }
  torch::Tensor operator()(const NamedTensors& p) const {
    const auto& w = p[0].second;
    return 0.5 * (w * a.matmul(w).matmul(b)).sum();
  }
};

TEST(Soap, BeatsAdamOnARotatedIllConditionedBowl) {
  const RotatedBowl bowl(12);
  const auto final_loss = [&](OptimizerKind kind) {
    const NamedTensors p{{"w", parameter(random_tensor({12, 12}, 33, torch::kFloat64))}};
    OptimizerOptions options = options_for(kind);
    options.learning_rate = 0.05;
    options.beta1 = options.beta2 = 0.95;  // the same memory for both: the basis is the only difference
    auto optimizer = make_optimizer(p, options);
    constexpr int kSteps = 300;
    for (int step = 0; step < kSteps; ++step)
      take_steps(*optimizer, std::cref(bowl), 1, learning_rate(static_cast<double>(step) / kSteps, options));
    return bowl(p).item<double>();
  };
  EXPECT_LT(final_loss(OptimizerKind::soap), 0.1 * final_loss(OptimizerKind::adam));
}

// --- every method ---

class EveryOptimizer : public testing::TestWithParam<OptimizerKind> {};
INSTANTIATE_TEST_SUITE_P(Optim, EveryOptimizer, testing::Values(OptimizerKind::adam, OptimizerKind::soap),
                         [](const auto& info) { return info.param == OptimizerKind::adam ? "adam" : "soap"; });

TEST_P(EveryOptimizer, FindsTheMinimumOfARosenbrockValley) {
  // Rosenbrock's function of the 4 entries of a matrix, chained; minimum 0 at all ones.
  const NamedTensors p{{"w", parameter(torch::full({2, 2}, 0.4, torch::kFloat64))}};
  const auto rosenbrock = [](const NamedTensors& parameters) {
    const auto x = parameters[0].second.flatten();
    const auto head = x.slice(0, 0, 3), tail = x.slice(0, 1, 4);
    return (100 * (tail - head.square()).square() + (1 - head).square()).sum();
  };
  OptimizerOptions options = options_for(GetParam());
  options.learning_rate = 0.05;
  auto optimizer = make_optimizer(p, options);
  constexpr int kSteps = 4000;
  for (int step = 0; step < kSteps; ++step)
    take_steps(*optimizer, rosenbrock, 1, learning_rate(static_cast<double>(step) / kSteps, options));
  EXPECT_LT(rosenbrock(p).item<double>(), 1e-6);
  EXPECT_LT((p[0].second - 1).abs().max().item<double>(), 1e-2);
}

TEST_P(EveryOptimizer, ResumesBitForBit) {
  OptimizerOptions options = options_for(GetParam());
  options.weight_decay = 0.01;
  for (const int before : {0, 1, 17}) {
    const NamedTensors straight = make_parameters();
    auto reference = make_optimizer(straight, options);
    take_steps(*reference, coupled_loss, before + 25, 1e-2);

    const NamedTensors first = make_parameters();
    auto stopped = make_optimizer(first, options);
    take_steps(*stopped, coupled_loss, before, 1e-2);
    NamedTensors second;
    for (const auto& [name, tensor] : clone(first)) second.emplace_back(name, parameter(tensor));
    auto resumed = make_optimizer(second, options);
    resumed->load_state(clone(stopped->state()));
    take_steps(*resumed, coupled_loss, 25, 1e-2);

    expect_equal_bits(clone(second), clone(straight));
    expect_equal_bits(resumed->state(), reference->state());
  }
}

TEST_P(EveryOptimizer, DoesNotDependOnTheNumberOfThreads) {
  const int threads_before = thread_count();
  const auto run = [&](int threads) {
    set_thread_count(threads);
    at::set_num_threads(threads);
    NamedTensors p;
    for (int i = 0; i < 6; ++i)
      p.emplace_back(std::string(1, static_cast<char>('a' + i)),
                     parameter(random_tensor({64, 64}, 40 + static_cast<std::uint64_t>(i))));
    p.emplace_back("wide", parameter(random_tensor({150, 130}, 50)));
    p.emplace_back("long", parameter(random_tensor({100003}, 51)));
    auto optimizer = make_optimizer(p, options_for(GetParam()));
    for (std::uint64_t step = 0; step < 12; ++step) {
      for (const auto& [name, w] : p) w.mutable_grad() = random_tensor(w.sizes(), 60 + step) * (0.1 + w.detach());
      optimizer->step(1e-2);
    }
    return clone(p);
  };
  const NamedTensors one = run(1), two = run(2), three = run(3);
  set_thread_count(threads_before);
  at::set_num_threads(threads_before);
  expect_equal_bits(one, two);
  expect_equal_bits(one, three);
}

TEST_P(EveryOptimizer, StateOfOtherParametersIsRefusedUntouched) {
  const NamedTensors p{{"w", parameter(torch::ones({4, 4}))}};
  auto optimizer = make_optimizer(p, options_for(GetParam()));
  NamedTensors state = clone(optimizer->state());
  state.front().second = torch::zeros({5, 5});
  EXPECT_THAT([&] { optimizer->load_state(state); }, ThrowsMessage<Error>(HasSubstr("expected")));
  state.erase(state.begin());
  EXPECT_THAT([&] { optimizer->load_state(state); }, ThrowsMessage<Error>(HasSubstr("lacks 'exp_avg.w'")));
  state = clone(optimizer->state());
  state.emplace_back("exp_avg.other", torch::zeros({1}));
  EXPECT_THAT([&] { optimizer->load_state(state); }, ThrowsMessage<Error>(HasSubstr("exp_avg.other")));
}

TEST_P(EveryOptimizer, BadParametersAreNamed) {
  const auto options = options_for(GetParam());
  const auto w = parameter(torch::ones({4, 4}));
  EXPECT_THAT([&] { (void)make_optimizer({{"w", w}, {"w", w}}, options); },
              ThrowsMessage<c10::ValueError>(HasSubstr("'w' is given twice")));
  EXPECT_THAT([&] { (void)make_optimizer({{"w", w}, {"b", torch::ones({2}, torch::kFloat64)}}, options); },
              ThrowsMessage<c10::ValueError>(HasSubstr("parameter 'b' is Double")));
  EXPECT_THAT([&] { (void)make_optimizer({{"t", w.detach().slice(1, 0, 2)}}, options); },
              ThrowsMessage<c10::ValueError>(HasSubstr("'t' is not contiguous")));
  EXPECT_THROW((void)make_optimizer({}, options), c10::ValueError);
}

}  // namespace
}  // namespace scorefield::optim
