#include "training/infer.hpp"

#include <torch/cuda.h>
#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <sstream>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/dataset.hpp"
#include "models/network_drift.hpp"
#include "solvers/integrators.hpp"
#include "training/model_file.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

/// The population that a rollout starts from, [N, d] in physical units.
std::vector<float> initial_population(const ReducedModel& model, const std::optional<data::DatasetReader>& given,
                                      double mu) {
  if (given) {
    std::vector<float> samples(static_cast<std::size_t>(given->header().frame_size()));
    given->read_samples(given->nearest_mu({mu}), 0, samples);
    return samples;
  }
  std::size_t nearest = 0;
  const auto distance = [&](std::size_t m) { return std::abs(model.initial.mu[m][0] - mu); };
  for (std::size_t m = 1; m < model.initial.mu.size(); ++m)
    if (distance(m) < distance(nearest)) nearest = m;
  return model.initial.samples[nearest];
}

Tensor scale_tensor(const std::vector<double>& values, torch::Device device) {
  return torch::tensor(values, torch::kFloat64).to(torch::kFloat32).to(device);
}

std::vector<double> output_times(const ReducedModel& model, std::int64_t frames) {
  if (frames == 0) return model.header.time;
  std::vector<double> times;
  const double start = model.header.time.front(), span = model.header.time.back() - start;
  for (std::int64_t k = 0; k < frames; ++k)
    times.push_back(start + span * static_cast<double>(k) / static_cast<double>(frames - 1));
  return times;
}

std::optional<data::DatasetReader> open_initial(const ReducedModel& model, const std::string& path) {
  if (path.empty()) return std::nullopt;
  data::DatasetReader reader(path);
  if (reader.header().coordinates != model.header.coordinates)
    throw FileError(path, "its coordinates differ from the model's; it cannot start a rollout of this model.");
  return reader;
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
  set.add("infer.particles", options.particles, "particles per rollout; 0 = all of the initial population");
  set.add("infer.frames", options.frames, "equally spaced output times; 0 = the training times");
  set.add("infer.initial", options.initial_path, "dataset whose first frame is the initial population");
  integrators::bind(set, options.integration);
}

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
  const auto given = open_initial(model, options.initial_path);
  const std::int64_t available = given ? given->header().particles : model.initial.particles;
  const std::int64_t particles = options.particles == 0 ? available : options.particles;
  if (particles > available)
    throw UsageError("--particles " + std::to_string(particles) + " asks for more than the " +
                     std::to_string(available) + " particles of the initial population.");

  const auto& normalizer = model.network->normalizer();
  const auto d = normalizer.dimension();
  auto integration = options.integration;
  integration.seed = static_cast<std::uint64_t>(seed);
  for (std::int64_t c = 0; c < d; ++c) integration.periods.push_back(normalizer.normalized_period(c));
  if (integration.method == integrators::IntegrationMethod::euler_maruyama) {
    integration.sigma = {model.sigma};
  } else if (model.sigma > 0) {
    result.warnings.push_back("the model was trained with loss.sigma > 0; --set infer.method=euler-maruyama adds the noise "
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
  header.identity = data::Identity::trajectories;
  header.has_velocities = false;
  std::vector<double> times;
  for (const double t : header.time) times.push_back(normalizer.normalized_time(t));

  const bool root = !processes || processes->is_root();
  const std::size_t size = processes ? static_cast<std::size_t>(processes->size()) : 1;
  const std::size_t rank = processes ? static_cast<std::size_t>(processes->rank()) : 0;
  std::optional<data::DatasetWriter> writer;
  if (root) writer.emplace(output_path, header);
  model.network->to(device);
  const auto center = scale_tensor(normalizer.center, device), scale = scale_tensor(normalizer.scale, device);

  // Frame k of the rollouts first, first + 1, ..., one from every process, goes to the file; `own` is this process's.
  const auto write = [&](std::size_t first, std::int64_t k, const Tensor& own) {
    const auto frames = processes ? processes->gather(own) : std::vector<Tensor>{own};
    for (std::size_t r = 0; r < frames.size() && first + r < options.mu.size(); ++r) {
      const auto frame = frames[r].cpu().contiguous();
      writer->write_frame(static_cast<std::int64_t>(first + r), k,
                          {frame.const_data_ptr<float>(), static_cast<std::size_t>(frame.numel())});
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
      const auto nothing = torch::zeros({particles, d}, torch::TensorOptions(device));
      for (std::size_t k = 0; k < times.size(); ++k) write(first, static_cast<std::int64_t>(k), nothing);
      continue;
    }
    auto population = initial_population(model, given, options.mu[m]);
    const auto x0 = (torch::from_blob(population.data(), {available, d}).narrow(0, 0, particles).to(device) - center) / scale;
    const models::NetworkDrift drift(model.network, {options.mu[m]});
    integrators::integrate(drift, x0, times, integration, [&](std::int64_t k, const Tensor& x) {
      if (interrupt_requested()) throw Interrupted("interrupted; no rollout was written.");
      write(first, k, x * scale + center);
    });
  }
  if (root) writer->commit();
  return result;
}

}  // namespace scorefield::training
