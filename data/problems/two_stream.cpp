#include "data/problems/two_stream.hpp"

#include <cmath>
#include <cstdlib>

#include "core/error.hpp"
#include "data/problems/pic_generator.hpp"
#include "solvers/pic/deposit.hpp"

namespace scorefield::problems {

std::string TwoStream::summary() const {
  return "two-stream instability: counter-streaming electron beams, 1D1V particle-in-cell";
}

std::string TwoStream::parameter() const { return "mu: inverse plasma frequency (Poisson: mu^2 phi'' = n - 1)"; }

std::vector<double> TwoStream::training_mu() const { return {1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9}; }

std::vector<double> TwoStream::test_mu() const { return {1.25, 1.35, 1.45, 1.55, 1.65, 1.75, 1.85}; }

void TwoStream::bind(OptionSet& set) {
  pic::bind(set, pic_);
  set.add("perturbation.mode", perturbation_.mode,
          "waves m in the box of the initial perturbation, v (1 + amplitude cos(2 pi m x / L)); reference: m = mu");
  set.add("perturbation.amplitude", perturbation_.amplitude, "amplitude of the initial perturbation, in [0, 1)");
}

double TwoStream::perturbation_mode(double mu) const {
  if (perturbation_.mode == "reference") return mu;
  char* end = nullptr;
  const double mode = std::strtod(perturbation_.mode.c_str(), &end);
  if (perturbation_.mode.empty() || *end != '\0' || !(mode >= 1 && mode <= 1e6) || mode != std::floor(mode))
    throw UsageError("option 'perturbation.mode' is '" + perturbation_.mode +
                     "', expected a whole number from 1 (waves in the box) or 'reference' (mu waves).");
  return mode;
}

pic::Population TwoStream::population(double mu) const {
  pic::Population population;
  population.beams = {{0.5, -3, 1}, {0.5, 3, 1}};
  population.perturbation = {perturbation_.amplitude, perturbation_mode(mu)};
  return population;
}

void TwoStream::validate(const GenerateOptions& options) const {
  if (!(perturbation_.amplitude >= 0 && perturbation_.amplitude < 1))
    throw UsageError("option 'perturbation.amplitude' is " + std::to_string(perturbation_.amplitude) +
                     ", expected a number in [0, 1).");
  perturbation_mode(1);
  validate_pic({name(), pic_, nullptr}, with_defaults(options, *this));
}

void TwoStream::generate(const GenerateOptions& options, const std::string& config, const std::string& path,
                         const ProgressObserver& observer) const {
  validate(options);
  const PicProblem problem{name(), pic_, [this](double mu) { return population(mu); }};
  generate_pic(problem, with_defaults(options, *this), config, path, observer);
}

double TwoStream::electric_energy(std::span<const float> samples, const std::vector<double>& mu) const {
  if (mu.size() != 1) throw Error("two-stream has one parameter, mu; got " + std::to_string(mu.size()) + " numbers.");
  return pic::electric_energy(samples, 2, pic_, mu.front());
}

}  // namespace scorefield::problems
