#include "training/compare/closed_form.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "data/problems/oscillator_potential.hpp"
#include "training/field_probe.hpp"

namespace scorefield::compare {

OscillatorComparison compare_with_oscillator(const std::string& model_path, const std::string& data_path,
                                             std::int64_t particles) {
  const data::DatasetReader reader(data_path);
  const auto& header = reader.header();
  const auto problem = problems::problem_of(header);
  const auto* oscillator = dynamic_cast<const problems::Oscillator*>(problem.get());
  if (oscillator == nullptr)
    throw FileError(data_path, "was not made by the problem 'oscillator', whose potential is known.");
  const training::FieldProbe model(model_path);
  if (model.sigma() > 0)
    throw UsageError(model_path + " was trained with loss.sigma > 0; the closed form is compared at sigma = 0.");

  OscillatorComparison result;
  result.time = header.time;
  const auto& scale = model.scale();
  const double span = model.time_span();
  // The exact potential in the model's coordinates is a sum over the two independent directions, each in its own unit
  // of length.
  const double unit = (1 / (scale[0] * scale[0]) + 1 / (scale[1] * scale[1])) / 2 * span * span;
  const auto count = static_cast<std::size_t>(std::min(particles, header.particles));
  std::vector<float> samples(static_cast<std::size_t>(header.frame_size()));
  double drift = 0, drift_size = 0, integrand = 0, integrand_size = 0;
  for (std::int64_t m = 0; m < header.mu_count(); ++m) {
    const auto& mu = header.mu[static_cast<std::size_t>(m)];
    const problems::OscillatorPotential exact(*oscillator, mu[0]);
    for (std::int64_t k = 0; k < header.frames(); ++k) {
      const double t = header.time[static_cast<std::size_t>(k)];
      reader.read_samples(m, k, samples);
      const auto field = model.at(mu, t, std::span<const float>(samples).first(2 * count));
      double kinetic = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const auto truth = exact.gradient({samples[2 * i], samples[2 * i + 1]}, t);
        for (std::size_t c = 0; c < 2; ++c) {
          const double learned = field.gradient[2 * i + c];
          kinetic += learned * learned / (2 * static_cast<double>(count));
          drift += std::pow(learned * scale[c] / span - truth[c], 2);
          drift_size += truth[c] * truth[c];
        }
      }
      // d/dt of s at the moving mean, which the exact gauge takes away.
      const auto moments = oscillator->exact(mu[0], t);
      const float mean[2] = {static_cast<float>(moments.position), static_cast<float>(moments.position)};
      const auto centre = model.at(mu, t, mean);
      double gauge = centre.mean_rate;
      for (std::size_t c = 0; c < 2; ++c) gauge += centre.gradient[c] * moments.velocity * span / scale[c];
      const double learned = (kinetic + field.mean_rate - gauge) / unit, truth = exact.integrand(t);
      integrand += std::pow(learned - truth, 2);
      integrand_size += truth * truth;
      if (m > 0) continue;
      result.exact.push_back(truth);
      result.learned.push_back(learned);
    }
  }
  result.drift_error = std::sqrt(drift / drift_size);
  result.integrand_error = std::sqrt(integrand / integrand_size);
  return result;
}

}  // namespace scorefield::compare
