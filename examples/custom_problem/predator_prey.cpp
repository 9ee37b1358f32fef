// A problem of one's own in one file: hares and lynxes that multiply, eat and are eaten at random. It writes a data set
// that `scorefield train`, `inspect` and the plots read like any other.
//
//   predator_prey DATA.h5 [key=value ...]        e.g. predator_prey train.h5 generate.mu=0.4:1.0:0.1 sde.dt=0.001

#include <array>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "data/problems/sde_problem.hpp"

namespace {

using namespace scorefield;

/// x' = growth x - x y + noise x xi_1,  y' = x y - mu y + noise y xi_2: Lotka and Volterra with fluctuating rates.
class PredatorPrey : public problems::SdeProblem {
 public:
  PredatorPrey() : SdeProblem(defaults()) {}

  std::string name() const override { return "predator-prey"; }
  std::string summary() const override { return "hares and lynxes with fluctuating rates"; }
  std::string parameter() const override { return "mu: death rate of the lynxes"; }
  std::vector<double> training_mu() const override { return {0.4, 0.6, 0.8, 1.0}; }
  std::vector<double> test_mu() const override { return {0.5, 0.7, 0.9}; }
  std::int64_t default_frames() const override { return 101; }

  /// With it, options can be further parameters: generate.parameters="mu, predator-prey.growth".
  std::unique_ptr<problems::Problem> clone() const override { return std::make_unique<PredatorPrey>(*this); }

  void bind(OptionSet& set) override {
    SdeProblem::bind(set);  // sde.dt, sde.duration, sde.scheme ...
    set.add("predator-prey.growth", growth_, any_number(), "growth rate of the hares");
    set.add("predator-prey.noise", noise_, at_least(0), "strength of the fluctuations");
  }

  problems::SdeModel model(double mu) const override {
    // The formula of one particle; pointwise() makes it a vectorised loop over many.
    const auto drift = [mu, growth = growth_](double /*t*/, const std::array<double, 2>& state) {
      const auto [hares, lynxes] = state;
      return std::array{growth * hares - hares * lynxes, hares * lynxes - mu * lynxes};
    };
    // sigma_i g_i(x_i) multiplies dW_i; here g(x) = x. Leave the function out for additive noise.
    const auto proportional = [](const double* x, double* g) {
      for (int i = 0; i < 2 * sde::kLanes; ++i) g[i] = x[i];
    };
    return {{2, sde::pointwise<2>(drift), {noise_, noise_}, proportional},
            {{1, 1}, {0.1, 0.1}, sde::Population::Law::uniform}};
  }

  std::vector<problems::Coordinate> coordinates() const override {
    return {{0, "hares", "1", 0}, {1, "lynxes", "1", 0}};
  }

 private:
  static sde::SdeOptions defaults() {
    sde::SdeOptions options;
    options.duration = 10;
    options.dt = 0.005;
    return options;
  }

  double growth_ = 1;
  double noise_ = 0.1;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    PredatorPrey problem;
    problems::GenerateOptions options;
    OptionSet set;
    problems::bind(set, options);
    problem.bind(set);
    if (argc < 2 || std::string(argv[1]) == "--help") {
      std::cout << "predator_prey DATA.h5 [key=value ...]\n\n" << set.to_toml();
      return argc < 2 ? 2 : 0;
    }
    for (int i = 2; i < argc; ++i) set.set_assignment(argv[i]);
    options = problems::resolved(options, problem);
    options.config = set.to_toml();
    problems::generate_dataset(problem, options, argv[1], [](const Progress& progress) {
      if (progress.done == progress.total) std::cerr << progress.stage << "\n";
    });
    std::cout << argv[1] << ": " << options.mu.size() << " mu, " << options.frames << " times, " << options.particles
              << " particles\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "predator_prey: " << error.what() << "\n";
    return 1;
  }
}
