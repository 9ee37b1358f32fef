#include "training/fields/sde/weak_drift.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/random.hpp"
#include "core/random_subset.hpp"
#include "training/batch/random_streams.hpp"
#include "training/fields/sde/drift_regression.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

constexpr std::int64_t kWaves = 128, kHalfWindow = 10;
/// Of normalised coordinates, a third of the waves each: lengths over 2 pi.
constexpr double kLengths[] = {2, 1, 0.5};
constexpr double kLeastVariance = 1e-4, kWeakRidge = 1e-8;

/// Waves [J, d] and phases [J].
struct Waves {
  Tensor vectors, phases;
};

Waves random_waves(std::int64_t dimension, std::uint64_t seed) {
  const Philox random(derive_seed(seed, kFeatureStream, 0), kFeatureStream);
  std::vector<double> vectors, phases;
  std::uint64_t next = 0;
  for (std::int64_t j = 0; j < kWaves; ++j) {
    for (std::int64_t c = 0; c < dimension; ++c) vectors.push_back(random.normals(next++)[0] / kLengths[j % 3]);
    phases.push_back(2 * std::numbers::pi * random.uniforms(next++)[0]);
  }
  return {torch::tensor(vectors).to(torch::kFloat32).view({kWaves, dimension}),
          torch::tensor(phases).to(torch::kFloat32)};
}

/// What the equation needs of the frames of one run.
struct RunMeans {
  std::vector<double> times;
  Tensor waves;      ///< E[phi_j], [K, J]
  Tensor products;   ///< E[sin(w_j.x + a_j) psi_i], [K, J, F]
  Tensor variances;  ///< of phi_j, mean over frames, [J]
};

class WeakDrift {
 public:
  WeakDrift(const data::DatasetReader& reader, const models::Normalizer& normalizer, std::uint64_t seed,
            SdeModel& model)
      : reader_(reader),
        normalizer_(normalizer),
        seed_(seed),
        model_(model),
        waves_(random_waves(normalizer.dimension(), seed)) {}

  double fit() {
    measure_rows();
    choose_degrees();
    for (std::int64_t m = 0; m < reader_.header().mu_count() && !interrupt_requested(); ++m) add(m, means_of(m));
    return solve();
  }

 private:
  [[nodiscard]] std::int64_t dimension() const { return normalizer_.dimension(); }
  [[nodiscard]] std::int64_t unknowns() const { return model_.library.size() * dimension() + dimension(); }

  /// Some particles of a frame, [N, d], normalised.
  [[nodiscard]] Tensor particles(std::int64_t m, std::int64_t k, std::int64_t most) const {
    auto frame = reader_.read_frame(m, k);
    const auto n = static_cast<std::int64_t>(frame.samples.size()) / dimension();
    const auto rows = random_subset(n, std::min(n, most),
                                    derive_seed(seed_, kShuffleStream, static_cast<std::uint64_t>((m << 32) + k)));
    const Tensor x = torch::from_blob(frame.samples.data(), {n, dimension()}).index_select(0, torch::tensor(rows));
    const Tensor center = torch::tensor(normalizer_.center, torch::kFloat64);
    return ((x.to(torch::kFloat64) - center) / torch::tensor(normalizer_.scale, torch::kFloat64)).to(torch::kFloat32);
  }

  void measure_rows() {
    std::vector<Tensor> seen;
    for (std::int64_t m = 0; m < reader_.header().mu_count(); ++m)
      for (std::size_t k = 0; k < reader_.header().times(m).size(); k += 4)
        seen.push_back(particles(m, static_cast<std::int64_t>(k), 256));
    model_.rows.measure(torch::cat(seen));
  }

  void choose_degrees() {
    LibraryDegrees degrees{.state = 3, .mu = reader_.header().mu_count() > 1 ? 1 : 0, .time = 0};
    while (degrees.state > 1 && DriftLibrary::size_of(model_.rows.columns(), model_.library.parameters(), degrees) >
                                    static_cast<double>(model_.options.functions))
      --degrees.state;
    model_.set_library(degrees);
    gram_ = torch::zeros({unknowns(), unknowns()}, torch::kFloat64);
    products_ = torch::zeros({unknowns()}, torch::kFloat64);
  }

  [[nodiscard]] RunMeans means_of(std::int64_t m) const {
    RunMeans run;
    std::vector<Tensor> waves, products;
    const auto& times = reader_.header().times(m);
    for (std::size_t k = 0; k < times.size() && !interrupt_requested(); ++k) {
      const Tensor x = particles(m, static_cast<std::int64_t>(k), model_.options.batch);
      const Tensor angle = torch::addmm(waves_.phases, x, waves_.vectors.t()), value = angle.cos();
      const Tensor psi = model_.library.of_state(model_.rows.state(x));
      run.times.push_back(normalizer_.normalized_time(times[k]));
      waves.push_back(value.mean(0));
      products.push_back(angle.sin().t().matmul(psi) / static_cast<double>(x.size(0)));
      const Tensor variance = value.var(0, false) / static_cast<double>(times.size());
      run.variances = run.variances.defined() ? run.variances + variance : variance;
    }
    run.waves = torch::stack(waves);
    run.products = torch::stack(products);
    return run;
  }

  /// The equations of a run with bumps (1 - u^2)^2 that overlap.
  void add(std::int64_t m, const RunMeans& run) {
    const auto frames = std::ssize(run.times);
    const std::int64_t half = std::max<std::int64_t>(2, std::min(kHalfWindow, frames / 8));
    const auto mu = normalizer_.normalized_mu(reader_.header().mu[static_cast<std::size_t>(m)]);
    const Tensor of_mu = torch::tensor(mu).to(torch::kFloat32).view({1, -1});
    const Tensor course = model_.library.of_course(of_mu, torch::zeros({1, 1}))[0];  // [C]
    const Tensor scale = (run.variances + kLeastVariance).rsqrt();
    for (std::int64_t first = 0; first + 2 * half < frames; first += std::max<std::int64_t>(1, half / 4)) {
      std::vector<float> bump, slope;
      for (std::int64_t k = first; k <= first + 2 * half; ++k) {
        const double low = run.times[first], high = run.times[first + 2 * half], at = run.times[k];
        const double u = (2 * at - low - high) / (high - low);
        const double width = (run.times[std::min(k + 1, first + 2 * half)] - run.times[std::max(k - 1, first)]) / 2;
        bump.push_back(static_cast<float>(width * (1 - u * u) * (1 - u * u)));
        slope.push_back(static_cast<float>(width * -4 * u * (1 - u * u) * 2 / (high - low)));
      }
      add_window(torch::tensor(slope).matmul(run.waves.narrow(0, first, 2 * half + 1)),
                 torch::tensor(bump).matmul(run.waves.narrow(0, first, 2 * half + 1)),
                 torch::einsum("k,kji->ji", {torch::tensor(bump), run.products.narrow(0, first, 2 * half + 1)}), course,
                 scale);
    }
  }

  void add_window(const Tensor& change, const Tensor& mean, const Tensor& products, const Tensor& course,
                  const Tensor& scale) {
    const Tensor functions = (products.unsqueeze(2) * course).reshape({kWaves, -1});                     // [J, F]
    const Tensor drift = -(functions.unsqueeze(2) * waves_.vectors.unsqueeze(1)).reshape({kWaves, -1});  // [J, F d]
    const Tensor noise = -0.5 * waves_.vectors.square() * mean.unsqueeze(1);
    const Tensor left = torch::cat({drift, noise}, 1).mul(scale.unsqueeze(1)).to(torch::kFloat64);
    const Tensor right = (-change * scale).to(torch::kFloat64);
    gram_ += left.t().matmul(left);
    products_ += left.t().matmul(right);
    squares_ += right.square().sum().item<double>();
  }

  double solve() {
    const Tensor found = solve_scaled(gram_, products_.unsqueeze(1), kWeakRidge).squeeze(1);
    const std::int64_t of_drift = unknowns() - dimension();
    model_.readout = found.narrow(0, 0, of_drift).view({-1, dimension()}).t().to(torch::kFloat32).contiguous();
    for (std::int64_t c = 0; c < dimension(); ++c)
      model_.sigma[static_cast<std::size_t>(c)] = std::sqrt(std::max(0.0, found[of_drift + c].item<double>()));
    const double left = squares_ - 2 * found.dot(products_).item<double>() + found.dot(gram_.mv(found)).item<double>();
    return 1 - left / squares_;
  }

  const data::DatasetReader& reader_;
  const models::Normalizer& normalizer_;
  std::uint64_t seed_;
  SdeModel& model_;
  Waves waves_;
  Tensor gram_, products_;
  double squares_ = 0;
};

}  // namespace

double fit_weak_drift(const data::DatasetReader& reader, const models::Normalizer& normalizer, std::uint64_t seed,
                      SdeModel& model) {
  const torch::NoGradGuard no_grad;
  const auto& header = reader.header();
  if (header.least_frames() < 5 || header.has_weights)
    throw FileError(reader.path(),
                    "has fewer than five times, or weights: the drift of snapshots (model.field = sde) "
                    "needs more times, and particles that count alike.");
  for (const double period : normalizer.periods)
    if (period > 0)
      throw FileError(reader.path(),
                      "has a periodic coordinate, which the drift of snapshots (model.field = sde) does "
                      "not take. Train with model.field = potential.");
  std::vector<double> steps;
  for (std::size_t k = 1; k < header.times(0).size(); ++k)
    steps.push_back((header.times(0)[k] - header.times(0)[k - 1]) / normalizer.time_span);
  std::nth_element(steps.begin(), steps.begin() + std::ssize(steps) / 2, steps.end());
  model.step = steps[steps.size() / 2];
  model.corrected = false;
  return WeakDrift(reader, normalizer, seed, model).fit();
}

}  // namespace scorefield::training
