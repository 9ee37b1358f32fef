// Densities whose coordinates have bounds, an order, a simplex, or names.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/error.hpp"
#include "models/targets/autograd_target.hpp"
#include "models/targets/catalogue.hpp"
#include "models/targets/draws.hpp"
#include "models/targets/sample_target.hpp"
#include "models/targets/transformed_target.hpp"
#include "tests/support/expect_error.hpp"

namespace scorefield::targets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using torch::Tensor;

constexpr double kInf = std::numeric_limits<double>::infinity();

/// A density of any expression, which fails where it should not be asked.
class Expression final : public AutogradTarget {
 public:
  Expression(std::int64_t d, std::function<Tensor(const Tensor&)> log_p) : d_(d), log_p_(std::move(log_p)) {}
  [[nodiscard]] std::int64_t dimension() const override { return d_; }
  [[nodiscard]] std::string name() const override { return "expression"; }

 private:
  [[nodiscard]] Tensor expression(const Tensor& x) const override { return log_p_(x); }
  std::int64_t d_;
  std::function<Tensor(const Tensor&)> log_p_;
};

std::shared_ptr<const Target> flat(std::int64_t d) {
  return std::make_shared<Expression>(d, [](const Tensor& x) { return 0 * x.sum(1); });
}

/// log |det dx/du| of the first `rows` user coordinates at one point, by central differences.
double numerical_log_det(const CoordinateSpace& space, const Tensor& u, std::int64_t rows) {
  const double h = 1e-5;
  std::vector<Tensor> columns;
  for (std::int64_t j = 0; j < u.size(1); ++j) {
    auto up = u.clone(), down = u.clone();
    up.select(1, j).add_(h);
    down.select(1, j).sub_(h);
    columns.push_back((space.to_user(up).x - space.to_user(down).x).select(0, 0).narrow(0, 0, rows) / (2 * h));
  }
  return torch::linalg_det(torch::stack(columns, 1)).abs().log().item<double>();
}

struct Case {
  const char* name;
  SpaceOptions options;
  std::int64_t p, free;
};

std::vector<Case> cases() {
  return {{"lower", {{{-1, kInf}}, "auto", ""}, 3, 3},
          {"upper", {{{-kInf, 2}}, "auto", ""}, 2, 2},
          {"box", {{{2, 5}, {-kInf, kInf}, {0, kInf}}, "auto", ""}, 3, 3},
          {"log", {{}, "log", ""}, 2, 2},
          {"logit", {{}, "none, logit*2", ""}, 3, 3},
          {"ordered", {{}, "ordered", ""}, 4, 4},
          {"simplex", {{}, "simplex", ""}, 4, 3},
          {"mixed", {{}, "log, simplex*3, none, ordered*2", ""}, 7, 6}};
}

TEST(CoordinateSpace, JacobiansInversesAndSupports) {
  for (const auto& [name, options, p, free] : cases()) {
    SCOPED_TRACE(name);
    const CoordinateSpace space(options, p);
    ASSERT_EQ(space.dimension(), free);
    const auto u = normal_draws(40, free, 3, 1);
    const auto point = space.to_user(u);
    EXPECT_TRUE(space.inside(point.x).all().item<bool>());
    EXPECT_LT((space.from_user(point.x) - u).abs().max().item<double>(), 1e-9);
    for (std::int64_t k = 0; k < 5 && std::string(name) != "mixed"; ++k)  // over a simplex, of all but the last
      EXPECT_NEAR(point.log_det[k].item<double>(), numerical_log_det(space, u.narrow(0, k, 1), free), 1e-6);
    EXPECT_FALSE(torch::isnan(space.to_user(1000 * u).x).any().item<bool>());
  }
  const CoordinateSpace box({{{2, 5}}, "auto", ""}, 1);
  const auto far = box.to_user(torch::tensor({{-900.0}, {900.0}}, torch::kFloat64)).x;
  EXPECT_GT(far[0].item<double>(), 2) << "never on the border";
  EXPECT_LT(far[1].item<double>(), 5);
}

TEST(TransformedTarget, ScoresAreDerivativesOfTheTransformedDensity) {
  for (const auto& [name, options, p, free] : cases()) {
    SCOPED_TRACE(name);
    const auto inner = std::make_shared<Expression>(p, [](const Tensor& x) {
      return (-0.3 * x * x + torch::cos(x)).sum(1) + 0.2 * x.select(1, 0) * x.select(1, 1);
    });
    const auto target = make_transformed(inner, options);
    const auto u = normal_draws(20, free, 4, 1);
    const auto found = target->evaluate(u);
    EXPECT_TRUE(torch::allclose(found.log_density, target->log_density(u)));
    for (std::int64_t j = 0; j < free; ++j) {
      auto up = u.clone(), down = u.clone();
      up.select(1, j).add_(1e-5);
      down.select(1, j).sub_(1e-5);
      const auto slope = (target->log_density(up) - target->log_density(down)) / 2e-5;
      EXPECT_LT((slope - found.score.select(1, j)).abs().max().item<double>(), 1e-5) << j;
    }
    const auto cloud = target->user_cloud(u, 0);
    EXPECT_TRUE(torch::allclose(cloud.log_density, inner->log_density(cloud.samples))) << "without the Jacobian";
  }
}

/// The integral over u is that over x: of a flat density over [2, 5], 3; over the simplex of three, its area 1/2.
TEST(TransformedTarget, MassIsKept) {
  const auto grid = torch::linspace(-30, 30, 6001, torch::kFloat64).unsqueeze(1);
  const auto box = make_transformed(flat(1), {{{2, 5}}, "auto", ""});
  EXPECT_NEAR(box->log_density(grid).exp().sum().item<double>() * 0.01, 3, 1e-6);
  const auto line = torch::linspace(-25, 25, 501, torch::kFloat64);
  const auto pairs = torch::stack({line.repeat_interleave(501), line.repeat({501})}, 1);
  const auto simplex = make_transformed(flat(3), {{}, "simplex", ""});
  EXPECT_NEAR(simplex->log_density(pairs).exp().sum().item<double>() * 0.01, 0.5, 1e-4);
}

TEST(TransformedTarget, OutsideThereIsNoDensity) {
  const auto target = make_transformed(flat(2), {{{0, 1}, {-kInf, kInf}}, "none", ""});
  const auto u = torch::tensor({{0.5, 7.0}, {1.5, 0.0}, {-kInf, 0.0}}, torch::kFloat64);
  const auto found = target->evaluate(u);
  EXPECT_EQ(found.log_density[0].item<double>(), 0);
  EXPECT_EQ(found.log_density[1].item<double>(), -kInf);
  EXPECT_TRUE(torch::isfinite(found.score).all().item<bool>());
  const auto normal = std::make_shared<Expression>(1, [](const Tensor& x) { return -(x * x).sum(1); });
  const auto overflown = make_transformed(normal, {{}, "log", ""})->evaluate(torch::tensor({{800.0}}, torch::kFloat64));
  EXPECT_EQ(overflown.log_density[0].item<double>(), -kInf);
  EXPECT_EQ(overflown.score[0][0].item<double>(), 0);
}

TEST(TransformedTarget, ExactDrawsAreThoseInside) {
  const auto target = make_family("dimension = 1\nbounds = [[-1.0, inf]]\n", "f.toml", "f");
  EXPECT_FALSE(target->truth().mean.defined()) << "of the Gaussian without bounds";
  const auto draws = target->draw(20000, 5);
  ASSERT_EQ(draws.sizes(), (std::vector<std::int64_t>{20000, 1}));
  EXPECT_TRUE(torch::equal(draws, target->draw(20000, 5)));
  const double density = std::exp(-0.5) / std::sqrt(2 * M_PI), mass = 0.5 * std::erfc(-1 / std::sqrt(2));
  EXPECT_NEAR(target->user_cloud(draws, 0).samples.mean().item<double>(), density / mass, 0.02);
  EXPECT_FALSE(make_family("dimension = 1\nbounds = [[50.0, inf]]\n", "f.toml", "f")->draw(100, 1).defined());
}

TEST(TransformedTarget, NamesAloneChangeNothingElse) {
  const auto plain = make_named_target("gaussian-10");
  const auto named = make_transformed(plain, {{}, "auto", "mu, w[3,3]"});
  const auto x = normal_draws(5, 10, 1, 1);
  EXPECT_TRUE(torch::equal(named->evaluate(x).score, plain->evaluate(x).score));
  EXPECT_TRUE(torch::equal(named->draw(4, 1), plain->draw(4, 1)));
  EXPECT_TRUE(named->truth().mean.defined());
  const auto cloud = named->user_cloud(x, 0);
  EXPECT_TRUE(torch::equal(cloud.samples, x));
  EXPECT_THAT(cloud.names, ElementsAre("mu", "w[1,1]", "w[1,2]", "w[1,3]", "w[2,1]", "w[2,2]", "w[2,3]", "w[3,1]",
                                       "w[3,2]", "w[3,3]"));
  ASSERT_EQ(cloud.variables.size(), 2u);
  EXPECT_TRUE(torch::equal(cloud.variables[1].values, x.narrow(1, 1, 9).view({5, 3, 3})));
}

TEST(TransformedTarget, RefusalsSayWhatDoesNotFit) {
  const auto refused = [](SpaceOptions options, const std::vector<std::string>& words) {
    test::expect_error<UsageError>([&] { (void)make_transformed(flat(3), options); }, words);
  };
  refused({{{0, 1}, {0, 1}}, "auto", ""}, {"target.bounds", "2 intervals", "3 coordinates"});
  refused({{}, "log, none", ""}, {"target.transform", "2 coordinates", "has 3"});
  refused({{}, "logs", ""}, {"'logs'", "did you mean 'log'"});
  refused({{}, "log*x", ""}, {"log*x"});
  refused({{{0, 1}}, "log", ""}, {"log of coordinate 1", "one finite limit"});
  refused({{{0, kInf}}, "logit", ""}, {"logit of coordinate 1", "two finite limits"});
  refused({{{0, kInf}}, "ordered", ""}, {"ordered of coordinate 1", "no limits"});
  refused({{}, "ordered*1, none*2", ""}, {"ordered", "two or more"});
  refused({{}, "auto", "a, b"}, {"target.variables", "2 numbers", "3 coordinates"});
  refused({{}, "auto", "a, a[2]"}, {"'a[2]'", "no new name"});
  refused({{}, "auto", "a b, c[2]"}, {"'a b'"});
  const auto points = std::make_shared<SampleTarget>("points", torch::zeros({5, 2}, torch::kFloat64));
  test::expect_error<UsageError>([&] { (void)make_transformed(points, {{{0, 1}}, "auto", ""}); }, {"set of samples"});
  const auto bounded = make_transformed(flat(3), {{{0, 1}}, "auto", ""});
  test::expect_error<UsageError>([&] { (void)make_transformed(bounded, {{{0, 1}}, "auto", ""}); }, {"of its own"});
  test::expect_error<UsageError>([&] { (void)bounded->from_user(torch::full({4, 3}, 2.0, torch::kFloat64)); },
                                 {"point 0 and 3 others", "outside"});
}

}  // namespace
}  // namespace scorefield::targets
