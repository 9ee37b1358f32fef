#include "training/infer.hpp"

#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <sstream>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/dataset.hpp"
#include "models/density_drift.hpp"
#include "models/network_drift.hpp"
#include "solvers/integrators.hpp"
#include "training/conditional_sampler.hpp"
#include "training/initial_density.hpp"
#include "training/model_file.hpp"
#include "training/rollout_start.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

Tensor scale_tensor(const std::vector<double>& values, torch::Device device) {
  return torch::tensor(values, torch::kFloat64).to(torch::kFloat32).to(device);
}

/// Equally spaced times; where there are enough training times, those nearest to them, so that data have frames to
/// compare with.
std::vector<double> output_times(const ReducedModel& model, std::int64_t frames) {
  const auto& known = model.header.time;
  if (frames == 0) return known;
  const bool choose = frames <= static_cast<std::int64_t>(known.size());
  std::vector<double> times;
  const double start = known.front(), span = known.back() - start;
  for (std::int64_t k = 0; k < frames; ++k) {
    const double t = start + span * static_cast<double>(k) / static_cast<double>(frames - 1);
    const auto nearest = std::min_element(known.begin(), known.end(),
                                          [t](double a, double b) { return std::abs(a - t) < std::abs(b - t); });
    times.push_back(choose ? *nearest : t);
  }
  if (std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) !=
      times.end()) {  // unevenly spaced: every n-th of them
    for (std::int64_t k = 0; k < frames; ++k)
      times[static_cast<std::size_t>(k)] =
          known[static_cast<std::size_t>(k * (static_cast<std::int64_t>(known.size()) - 1) / (frames - 1))];
  }
  return times;
}

void check_mu(const ReducedModel& model, const std::vector<double>& values, std::vector<std::string>& warnings) {
  if (model.header.mu_names.size() != 1)
    throw UsageError("the model has " + std::to_string(model.header.mu_names.size()) +
                     " physics parameters; infer takes models with one.");
  if (values.empty()) throw UsageError("--mu needs at least one value.");
  double low = model.header.mu.front()[0], high = low;
  for (const auto& mu : model.header.mu) {
    low = std::min(low, mu[0]);
    high = std::max(high, mu[0]);
  }
  for (const double mu : values) {
    if (mu >= low && mu <= high) continue;
    std::ostringstream text;
    text << model.header.mu_names[0] << " = " << mu << " lies outside the training range [" << low << ", " << high
         << "]: the model extrapolates.";
    warnings.push_back(text.str());
  }
}

}  // namespace

void bind(OptionSet& set, InferOptions& options) {
  set.add("infer.mu", options.mu, "physics parameters to predict");
  set.add("infer.particles", options.particles,
          "particles per rollout, the first ones of the initial population; 0 = all of them");
  set.add("infer.frames", options.frames,
          "output times, equally spaced as far as the training times allow, of which they are (more than those: "
          "between them); 0 = all of them");
  set.add("infer.initial", options.initial_path, "dataset whose first frame is the initial population");
  set.add("infer.start", options.start, {{"auto", StartKind::automatic}, {"nearest", StartKind::nearest}},
          "initial population without that: at an unseen mu made by the problem of the training data where it is known "
          "(auto), or of the nearest training mu");
  set.add(
      "infer.log_density", options.log_density,
      {{"none", LogDensityKind::none}, {"gaussian", LogDensityKind::gaussian}, {"change", LogDensityKind::change}},
      "also write /log_density: from a Gaussian fitted to the initial population, or the change since the first time");
  integrators::bind(set, options.integration);
  bind(set, options.conditional);
}

namespace {

/// Options that exclude each other, or the kind of the model. @throws UsageError
void check_kind(const ReducedModel& model, const std::string& path, const InferOptions& options) {
  const bool conditional = model.kind == ModelKind::ncsm || model.kind == ModelKind::cfm;
  if (!conditional) require_kind(model, path, ModelKind::drift);
  if (conditional) validate(options.conditional, model.kind);
  if (options.log_density == LogDensityKind::none) return;
  if (conditional)
    throw UsageError("infer.log_density needs a model of a drift; " + path + " is of kind " + to_string(model.kind) +
                     ".");
  if (model.sigma > 0 || options.integration.method == integrators::IntegrationMethod::euler_maruyama)
    throw UsageError(
        "infer.log_density follows a flow without noise; the model was trained with loss.sigma > 0, whose "
        "population the flow alone does not move.");
}

}  // namespace

InferResult infer(const std::string& model_path, const std::string& output_path, const InferOptions& options,
                  const std::string& config_toml, std::int64_t seed, const std::string& device_name,
                  const ProgressObserver& observer, distributed::ProcessGroup* processes) {
  const torch::NoGradGuard no_grad;
  const torch::Device device(device_name);
  if (device.is_cuda() && !torch::cuda::is_available())
    throw UsageError("--device " + device_name + ": no CUDA device is available; use --device cpu.");
  if (options.frames == 1 || options.frames < 0) throw UsageError("--frames must be at least 2.");
  if (options.particles < 0) throw UsageError("--particles must be positive.");

  InferResult result;
  const auto model = load_model(model_path);
  check_mu(model, options.mu, result.warnings);
  check_kind(model, model_path, options);
  const bool conditional = model.kind != ModelKind::drift;
  std::optional<RolloutStart> begin;
  if (!conditional) begin.emplace(model, options, seed, output_path);
  const std::int64_t particles = begin                    ? begin->particles()
                                 : options.particles == 0 ? model.initial.particles
                                                          : options.particles;

  const auto& normalizer = model.network->normalizer();
  const auto d = normalizer.dimension();
  auto integration = options.integration;
  integration.seed = static_cast<std::uint64_t>(seed);
  for (std::int64_t c = 0; c < d; ++c) integration.periods.push_back(normalizer.normalized_period(c));
  if (options.log_density != LogDensityKind::none) integration.periods.push_back(0);
  if (integration.method == integrators::IntegrationMethod::euler_maruyama) {
    integration.sigma = {model.sigma};
  } else if (model.sigma > 0) {
    result.warnings.push_back(
        "the model was trained with loss.sigma > 0; --set infer.method=euler-maruyama adds the noise "
        "that belongs to it.");
  }

  data::DatasetHeader header = model.header;
  header.provenance = {};
  header.provenance.format = data::kRolloutFormat;
  header.provenance.seed = seed;
  header.provenance.config = config_toml;
  header.mu.clear();
  for (const double mu : options.mu) header.mu.push_back({mu});
  header.time = output_times(model, options.frames);
  header.particles = particles;
  const bool with_density = options.log_density != LogDensityKind::none;
  header.identity = conditional ? data::Identity::marginals : data::Identity::trajectories;
  header.has_velocities = false;
  header.diffusion.clear();
  std::vector<double> times;
  for (const double t : header.time) times.push_back(normalizer.normalized_time(t));

  const bool root = !processes || processes->is_root();
  const std::size_t size = processes ? static_cast<std::size_t>(processes->size()) : 1;
  const std::size_t rank = processes ? static_cast<std::size_t>(processes->rank()) : 0;
  std::optional<data::DatasetWriter> writer;
  if (root) writer.emplace(output_path, header);
  if (root && with_density) writer->add_log_density(describe(options.log_density));
  model.network->to(device);
  const auto center = scale_tensor(normalizer.center, device), scale = scale_tensor(normalizer.scale, device);

  // Frame k of the rollouts first, first + 1, ..., one from every process, goes to the file; `own` is this process's.
  const auto write = [&](std::size_t first, std::int64_t k, const Tensor& own) {
    const auto frames = processes ? processes->gather(own) : std::vector<Tensor>{own};
    for (std::size_t r = 0; r < frames.size() && first + r < options.mu.size(); ++r) {
      const auto values = [](const Tensor& tensor) {
        return std::span<const float>(tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel()));
      };
      const auto frame = frames[r].narrow(1, 0, d).cpu().contiguous();
      writer->write_frame(static_cast<std::int64_t>(first + r), k, values(frame));
      if (with_density)
        writer->write_log_density(static_cast<std::int64_t>(first + r), k,
                                  values(frames[r].select(1, d).cpu().contiguous()));
    }
    if (!root || !observer) return;
    std::ostringstream stage;
    stage << "rollout " << header.mu_names[0] << " = " << options.mu[first];
    if (size > 1) stage << " and " << std::min(size, options.mu.size() - first) - 1 << " more";
    observer({stage.str(), k + 1, static_cast<std::int64_t>(times.size()), ""});
  };
  for (std::size_t first = 0; first < options.mu.size(); first += size) {
    const std::size_t m = first + rank;
    if (m >= options.mu.size()) {  // nothing left for this process, but all gather together
      const auto nothing = torch::zeros({particles, d + (with_density ? 1 : 0)}, torch::TensorOptions(device));
      for (std::size_t k = 0; k < times.size(); ++k) write(first, static_cast<std::int64_t>(k), nothing);
      continue;
    }
    if (conditional) {
      for (std::size_t k = 0; k < times.size(); ++k) {
        if (interrupt_requested()) throw Interrupted("interrupted; no rollout was written.");
        const auto x =
            sample_conditional(model, {options.mu[m]}, times[k], particles, integration.seed, options.conditional);
        write(first, static_cast<std::int64_t>(k), x * scale + center);
      }
      continue;
    }
    auto population = begin->at(options.mu[m]);
    const auto physical = torch::from_blob(population.data(), {particles, d}).to(device);
    auto x0 = (physical - center) / scale;
    const auto on_frame = [&](std::int64_t k, const Tensor& x) {
      if (interrupt_requested()) throw Interrupted("interrupted; no rollout was written.");
      const auto moved = x.narrow(1, 0, d) * scale + center;
      write(first, k, with_density ? torch::cat({moved, x.narrow(1, d, 1)}, 1) : moved);
    };
    if (with_density) {
      const auto density = initial_log_density(options.log_density, physical, normalizer.periods);
      x0 = torch::cat({x0, density.unsqueeze(1)}, 1);
      integrators::integrate(models::DensityDrift(model.network, {options.mu[m]}), x0, times, integration, on_frame);
    } else {
      integrators::integrate(models::NetworkDrift(model.network, {options.mu[m]}), x0, times, integration, on_frame);
    }
  }
  if (root) writer->commit();
  return result;
}

}  // namespace scorefield::training
