#include "training/compare/closed_form.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "training/field_probe.hpp"

namespace scorefield::compare {
namespace {

/// "oscillator, ...": the problems of which it is known.
std::string known_problems() {
  std::string names;
  for (const auto& name : problems::problem_names()) {
    const auto problem = problems::make_problem(name);
    const auto mu = problem->test_mu();
    if (!mu.empty() && has_closed_form(*problem, {mu.front()})) names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

/// Sums over frames of a squared error and of the squared truth.
struct SquaredError {
  double error = 0, truth = 0;

  void add(double found, double exact) {
    error += std::pow(found - exact, 2);
    truth += exact * exact;
  }
  [[nodiscard]] double relative() const { return std::sqrt(error / truth); }
};

/// One frame's integrand, exact and learned.
struct IntegrandAt {
  double exact, learned;
};

class Comparison {
 public:
  Comparison(const std::string& model_path, std::int64_t dimension)
      : model_(model_path), dimension_(static_cast<std::size_t>(dimension)) {
    if (model_.sigma() > 0)
      throw UsageError(model_path + " was trained with loss.sigma > 0; the closed form is compared at sigma = 0.");
  }

  /// Adds the drift's error at the particles x [N, d] of one (mu, t).
  IntegrandAt add(const problems::ExactPotential& exact, const std::vector<double>& mu, double t,
                  std::span<const float> x) {
    const auto field = model_.at(mu, t, x);
    std::vector<double> truth(x.size());
    exact.gradient(x, t, truth);
    double kinetic = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double learned = field.gradient[i];
      kinetic += learned * learned / (2 * static_cast<double>(x.size() / dimension_));
      drift_.add(learned * scale(i % dimension_) / model_.time_span(), truth[i]);
    }
    const double learned = (kinetic + field.mean_rate - gauge(exact, mu, t)) / unit(), q = exact.integrand(t);
    integrand_.add(learned, q);
    return {q, learned};
  }

  [[nodiscard]] double drift_error() const { return drift_.relative(); }
  [[nodiscard]] double integrand_error() const { return integrand_.relative(); }

 private:
  [[nodiscard]] double scale(std::size_t coordinate) const { return model_.scale()[coordinate]; }

  /// d/dt of s at the moving point, where the exact gauge has it vanish.
  [[nodiscard]] double gauge(const problems::ExactPotential& exact, const std::vector<double>& mu, double t) const {
    const auto zero = exact.zero(t);
    const std::vector<float> position(zero.position.begin(), zero.position.end());
    const auto centre = model_.at(mu, t, position);
    double rate = centre.mean_rate;
    for (std::size_t c = 0; c < dimension_; ++c)
      rate += centre.gradient[c] * zero.velocity[c] * model_.time_span() / scale(c);
    return rate;
  }

  /// q in the model's units over q in those of the problem, for a potential that is a sum of equal parts over the
  /// coordinates, each in its own unit of length.
  [[nodiscard]] double unit() const {
    double sum = 0;
    for (std::size_t c = 0; c < dimension_; ++c) sum += 1 / (scale(c) * scale(c));
    return sum / static_cast<double>(dimension_) * model_.time_span() * model_.time_span();
  }

  training::FieldProbe model_;
  std::size_t dimension_;
  SquaredError drift_, integrand_;
};

}  // namespace

bool has_closed_form(const problems::Problem& problem, const std::vector<double>& mu) {
  return problem.exact_potential(mu) != nullptr;
}

ClosedFormComparison compare_with_closed_form(const std::string& model_path, const std::string& data_path,
                                              std::int64_t particles) {
  const data::DatasetReader reader(data_path);
  const auto& header = reader.header();
  const auto problem = problems::problem_of(header);
  if (!problem || !has_closed_form(*problem, header.mu.front()))
    throw FileError(data_path, "was not made by a problem whose potential is known: " + known_problems() + ".");
  Comparison comparison(model_path, header.dimension());

  ClosedFormComparison result;
  result.time = header.time;
  const auto values = static_cast<std::size_t>(std::min(particles, header.particles) * header.dimension());
  std::vector<float> samples(static_cast<std::size_t>(header.frame_size()));
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    const auto& mu = header.mu[static_cast<std::size_t>(m)];
    const auto exact = problem->exact_potential(mu);
    for (std::int64_t k = 0; k < header.frames(); ++k) {
      reader.read_samples(m, k, samples);
      const auto q = comparison.add(*exact, mu, header.time[static_cast<std::size_t>(k)],
                                    std::span<const float>(samples).first(values));
      if (m > 0) continue;
      result.exact.push_back(q.exact);
      result.learned.push_back(q.learned);
    }
  }
  result.drift_error = comparison.drift_error();
  result.integrand_error = comparison.integrand_error();
  return result;
}

}  // namespace scorefield::compare
