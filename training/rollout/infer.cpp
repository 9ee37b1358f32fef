#include "training/rollout/infer.hpp"

#include <torch/types.h>
#include <torch/utils.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <sstream>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/require.hpp"
#include "core/text.hpp"
#include "training/losses/marginal_sampler.hpp"
#include "training/model_file.hpp"
#include "training/rollout/grid_density.hpp"
#include "training/rollout/guide.hpp"
#include "training/rollout/log_density.hpp"
#include "training/rollout/rollout.hpp"
#include "training/rollout/rollout_file.hpp"
#include "training/rollout/rollout_times.hpp"
#include "training/rollout/start.hpp"

namespace scorefield::training {
namespace {

using torch::Tensor;

/// Frames at which fields are compared.
constexpr std::int64_t kWatchedFrames = 36;

/// Whether frames are sampled one by one, and no population is moved.
bool sampled_afresh(const ReducedModel& model) { return model.loss && model.loss->marginal_sampler() != nullptr; }

/// @throws UsageError where the population cannot be held to anything
void check_guide(const ReducedModel& model, const std::string& path, const InferOptions& options) {
  if (options.guide == GuideKind::none) return;
  if (sampled_afresh(model))
    throw UsageError("infer.guide holds a population on its way; " + path + " is of kind " + model.kind +
                     ", whose frames are sampled one by one.");
  if (options.log_density != LogDensityKind::none)
    throw UsageError("infer.log_density follows the model's flow alone, which infer.guide changes: take one of them.");
  if (model.mover && model.mover->grows())
    throw UsageError("infer.guide moves particles of fixed weights; those of " + path + " grow.");
  require_observables(model, options.guide, path);
}

/// Options that exclude each other, or the kind of the model. @throws UsageError
void check_kind(const ReducedModel& model, const std::string& path, const InferOptions& options) {
  const auto* sampler = sampled_afresh(model) ? model.loss->marginal_sampler() : nullptr;
  if (sampler) sampler->check(options.conditional);
  else static_cast<void>(require_mover(model, path));
  check_guide(model, path, options);
  const bool on_grid = !options.density.nodes.empty();
  if (on_grid && options.guide != GuideKind::none)
    throw UsageError(
        "infer.density_nodes follows the model's flow alone, which infer.guide changes: take one of them.");
  if (on_grid && !options.start.path.empty())
    throw UsageError("infer.density_nodes starts from the density of the training data's problem, not from a file.");
  if (options.log_density == LogDensityKind::none && !on_grid) return;
  if (sampler) throw UsageError("a log-density needs a model of a drift; " + path + " is of kind " + model.kind + ".");
  if (model.mover->grows()) throw UsageError("a log-density follows a flow that conserves mass; " + path + " grows.");
  if (model.sigma > 0 || options.integration.method == integrators::IntegrationMethod::euler_maruyama)
    throw UsageError(
        "a log-density follows a flow without noise; the model was trained with loss.sigma > 0, whose "
        "population the flow alone does not move.");
}

/// Where in infer.mu each of the model's parameters stands, [p].
std::vector<std::size_t> columns(const std::vector<std::string>& known, const InferOptions& options) {
  auto names = comma_separated(options.parameters);
  if (names.empty()) names = known;
  for (const auto& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw UsageError(unknown_name_message("parameter of the model", name, known));
  std::vector<std::size_t> columns;
  for (const auto& name : known) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end() || names.size() != known.size())
      throw UsageError("--mu names the parameters " + comma_joined(names) +
                       ", expected each of the model's once: " + comma_joined(known) + ".");
    columns.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  return columns;
}

/// The values to predict, [M][p], in the model's order of parameters.
std::vector<std::vector<double>> asked_mu(const ReducedModel& model, const InferOptions& options) {
  if (options.mu.empty()) throw UsageError("--mu needs at least one value.");
  const auto& known = model.header.mu_names;
  const auto order = columns(known, options);
  std::vector<std::vector<double>> mu;
  for (const auto& values : options.mu) {
    if (values.size() != known.size())
      throw UsageError("mu = " + tuple_text(values) + ", the model expects " +
                       (known.size() == 1 ? "1 number: " : std::to_string(known.size()) + " numbers: ") +
                       comma_joined(known) + (known.size() == 1 ? "." : ", as in --mu \"(1.25, 0.5), (1.35, 0.7)\"."));
    auto& row = mu.emplace_back();
    for (const std::size_t column : order) row.push_back(values[column]);
  }
  return mu;
}

void warn_about_extrapolation(const ReducedModel& model, const std::vector<double>& mu,
                              std::vector<std::string>& warnings) {
  for (std::size_t p = 0; p < mu.size(); ++p) {
    double low = model.header.mu.front()[p], high = low;
    for (const auto& known : model.header.mu) {
      low = std::min(low, known[p]);
      high = std::max(high, known[p]);
    }
    if (mu[p] >= low && mu[p] <= high) continue;
    std::ostringstream text;
    text << model.header.mu_names[p] << " = " << mu[p] << " lies outside the training range [" << low << ", " << high
         << "]: the model extrapolates.";
    warnings.push_back(text.str());
  }
}

std::string parameters_text(const std::vector<std::string>& names) {
  return names.size() == 1 ? names.front() : "(" + comma_joined(names) + ")";
}

integrators::IntegrateOptions with_seed(integrators::IntegrateOptions options, std::int64_t seed) {
  options.seed = static_cast<std::uint64_t>(seed);
  return options;
}

/// What the rollout's file says of itself: what the training data say, at other mu and times.
data::DatasetHeader header_of(const ReducedModel& model, const InferRequest& request, std::int64_t particles,
                              const RolloutStart* start) {
  data::DatasetHeader header = model.header;
  header.provenance = {};
  header.provenance.format = data::kRolloutFormat;
  header.provenance.seed = request.seed;
  header.provenance.config = request.config_toml;
  header.mu = asked_mu(model, request.options);
  header.time =
      rollout_times(start ? start->with_times_of_file(model.header.time) : model.header.time, request.options.frames);
  header.particles = particles;
  const bool followed = !sampled_afresh(model) || model.loss->marginal_sampler()->follows();
  header.identity = followed ? data::Identity::trajectories : data::Identity::marginals;
  header.has_velocities = false;
  header.has_weights = start && (start->weighted() || model.mover->grows());
  header.diffusion.clear();
  header.density = data::make_grid(request.options.density, "infer", header.periods);
  if (request.options.guide != GuideKind::none) header.guide = to_string(request.options.guide);
  return header;
}

/// All rollouts of one request.
class Inference {
 public:
  Inference(const InferRequest& request, const ReducedModel& model)
      : request_(request),
        model_(model),
        with_density_(request.options.log_density != LogDensityKind::none),
        grows_(model.mover && model.mover->grows()),
        rollout_(model, with_seed(request.options.integration, request.seed),
                 with_density_ ? Carried::log_density
                 : grows_      ? Carried::log_weight
                               : Carried::nothing) {
    std::int64_t particles = request.options.start.particles;
    if (sampled_afresh(model)) {
      if (particles == 0) particles = model.initial.particles;
    } else {
      particles = start_.emplace(model, request.options.start, request.seed).particles();
    }
    const auto header = header_of(model, request, particles, start_ ? &*start_ : nullptr);
    for (const double t : header.time) times_.push_back(model.normalizer.normalized_time(t));
    if (header.density) on_grid_.emplace(model, with_seed(request.options.integration, request.seed), *header.density);
    file_.emplace(request.output_path, header, with_density_ ? describe(request.options.log_density) : "",
                  request.processes, [this](std::size_t m, std::int64_t frame, const Tensor& x, const Tensor& weights) {
                    watch(m, frame, x, weights);
                    watch_field(m, frame, x, weights);
                  });
  }

  /// What is worth knowing of where rollouts start.
  void note_start(std::vector<std::string>& warnings) const {
    if (!start_) return;
    const auto& mu = file_->header().mu;
    const auto borrowed = std::find_if(mu.begin(), mu.end(), [&](const auto& at) { return start_->borrows(at); });
    if (borrowed == mu.end()) return;
    warnings.push_back(
        "rollouts at a mu that was not trained on, such as " + tuple_text(*borrowed) +
        ", start from the population of the nearest training mu: the problem that made the training data "
        "is not known. Give the start with --initial DATA.h5 where it depends on mu.");
  }

  /// One mu of every process at a time.
  void run() {
    const auto& mu = file_->header().mu;
    const std::size_t size = request_.processes ? static_cast<std::size_t>(request_.processes->size()) : 1;
    const std::size_t rank = request_.processes ? static_cast<std::size_t>(request_.processes->rank()) : 0;
    for (std::size_t first = 0; first < mu.size(); first += size) {
      const std::size_t own = first + rank;
      if (own >= mu.size()) idle(first);
      else if (start_) move(first, mu[own]);
      else sample(first, mu[own]);
    }
    file_->commit();
  }

  /// About populations that were lost on the way, and fields that are not their own.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  [[nodiscard]] const std::vector<FieldAt>& fields() const { return fields_; }

 private:
  /// Moves the population of one mu through all frames.
  void move(std::size_t first, const std::vector<double>& mu) {
    auto population = start_->weighted_at(mu);
    const std::int64_t d = model_.normalizer.dimension();
    const auto physical = torch::from_blob(population.samples.data(), {start_->particles(), d}).to(device());
    Tensor weights;
    if (start_->weighted())
      weights = torch::from_blob(population.weights.data(), {start_->particles(), 1}).to(device());
    auto state = rollout_.normalised(physical);
    if (with_density_) {
      const auto density =
          initial_log_density(request_.options.log_density, physical, model_.normalizer.periods, weights);
      state = torch::cat({state, density.unsqueeze(1)}, 1);
    }
    if (grows_) {
      if (!weights.defined()) weights = torch::ones({start_->particles(), 1}, state.options());
      state = torch::cat({state, torch::zeros_like(weights)}, 1);
    }
    const auto on_frame = [&](std::int64_t k, const Tensor& moved) {
      if (on_grid_)
        file_->write_density(first, k, on_grid_->at(mu, times_.front(), times_[static_cast<std::size_t>(k)]));
      std::vector<Tensor> columns{rollout_.physical(moved.narrow(1, 0, d))};
      if (with_density_) columns.push_back(moved.narrow(1, d, 1));
      if (grows_) columns.push_back(weights * moved.narrow(1, d, 1).exp());
      else if (weights.defined()) columns.push_back(weights);
      write(first, k, columns.size() > 1 ? torch::cat(columns, 1) : columns.front());
    };
    if (const auto guide = guide_of(mu, weights)) rollout_.run_guided(mu, state, times_, guide, on_frame);
    else rollout_.run(mu, state, times_, on_frame);
  }

  /// What holds the population at this mu; null: nothing.
  GuideStep guide_of(const std::vector<double>& mu, const Tensor& weights) {
    const auto kind = request_.options.guide;
    if (kind == GuideKind::none) return {};
    if (!guide_rule_) guide_rule_ = guide_rule(model_, kind);
    auto guide = guide_at(model_, *guide_rule_, kind, mu, weights);
    if (!guide)
      warnings_.push_back("the rollout at " + comma_joined(model_.header.mu_names) + " = " + comma_joined(mu) +
                          " is not guided: it lies outside the hull of the training values.");
    return guide;
  }

  /// Samples every frame of one mu by itself.
  void sample(std::size_t first, const std::vector<double>& mu) {
    for (std::size_t k = 0; k < times_.size(); ++k) {
      if (interrupt_requested()) throw Interrupted("interrupted; no rollout was written.");
      const auto x = model_.loss->marginal_sampler()->sample(
          {*model_.network, mu, times_[k]}, file_->header().particles, static_cast<std::uint64_t>(request_.seed),
          request_.options.conditional);
      write(first, static_cast<std::int64_t>(k), rollout_.physical(x));
    }
  }

  /// Compares the field that moves the population with its own, at some of the frames. x: [N, d], weights: [N] or empty
  void watch_field(std::size_t mu_index, std::int64_t frame, const Tensor& x, const Tensor& weights) {
    if (sampled_afresh(model_)) return;
    const auto& header = file_->header();
    if (frame == 0) field_ = model_.mover->watch_at(header.mu[mu_index]);
    if (!field_) return;
    const std::int64_t last = header.frames() - 1;
    if (frame * kWatchedFrames / header.frames() != (frame + 1) * kWatchedFrames / header.frames() || frame == last) {
      const auto numbers = [](const Tensor& tensor) {
        return std::span(tensor.const_data_ptr<float>(), static_cast<std::size_t>(tensor.numel()));
      };
      const auto samples = x.to(torch::kCPU, torch::kFloat32).contiguous();
      const auto shares = weights.to(torch::kCPU, torch::kFloat32).contiguous();
      field_->see(header.time[static_cast<std::size_t>(frame)], numbers(samples), numbers(shares));
    }
    if (frame < last) return;
    const auto check = field_->result();
    fields_.push_back({header.mu[mu_index], check});
    if (check.warning.empty()) return;
    warnings_.push_back("the rollout at " + comma_joined(header.mu_names) + " = " + comma_joined(header.mu[mu_index]) +
                        " disagrees with itself: " + check.warning +
                        ". Take more training runs or frames, or hold it with --set infer.guide=modes.");
  }

  /// Says once a mu when its population is far from all that the model learned from. x: [N, d], weights: [N] or empty
  void watch(std::size_t mu_index, std::int64_t frame, const Tensor& x, const Tensor& weights) {
    if (!model_.range || lost_.contains(mu_index)) return;
    const auto points = x.to(torch::kFloat64);
    const auto counts =
        weights.numel() > 0 ? weights.to(torch::kFloat64).unsqueeze(1) : torch::ones({x.size(0), 1}, torch::kFloat64);
    const auto shares = counts / counts.sum();
    const auto mean = (shares * points).sum(0).contiguous();
    const auto deviation = (shares * (points - mean).square()).sum(0).sqrt().contiguous();
    const auto values = [](const Tensor& tensor) {
      return std::vector<double>(tensor.const_data_ptr<double>(), tensor.const_data_ptr<double>() + tensor.numel());
    };
    const auto lost = model_.range->lost(values(mean), values(deviation), model_.header);
    if (!lost) return;
    lost_.insert(mu_index);
    std::ostringstream text;
    text << "the rollout at " << comma_joined(model_.header.mu_names) << " = "
         << comma_joined(file_->header().mu[mu_index]) << " lost its population: at time "
         << file_->header().time[static_cast<std::size_t>(frame)] << " " << *lost
         << ". Train longer or with other settings, or take more steps (infer.steps).";
    warnings_.push_back(text.str());
  }

  /// Nothing is left for this process, but all gather together.
  void idle(std::size_t first) {
    const auto nothing =
        torch::zeros({file_->header().particles, file_->width()}, torch::TensorOptions(torch::Device(device())));
    const std::vector<float> empty(on_grid_ ? static_cast<std::size_t>(on_grid_->grid().size()) : 0);
    for (std::size_t k = 0; k < times_.size(); ++k) {
      if (on_grid_) file_->write_density(first, static_cast<std::int64_t>(k), empty);
      write(first, static_cast<std::int64_t>(k), nothing);
    }
  }

  void write(std::size_t first, std::int64_t frame, const Tensor& own) {
    file_->write(first, frame, own);
    if (!file_->is_root() || !request_.observer) return;
    const auto& header = file_->header();
    std::ostringstream stage;
    stage << "rollout " << parameters_text(header.mu_names) << " = " << tuple_text(header.mu[first]);
    if (request_.processes && request_.processes->size() > 1)
      stage << " and " << std::min(static_cast<std::size_t>(request_.processes->size()), header.mu.size() - first) - 1
            << " more";
    request_.observer({stage.str(), frame + 1, header.frames(), ""});
  }

  [[nodiscard]] torch::Device device() const { return model_.options().device(); }

  const InferRequest& request_;
  const ReducedModel& model_;
  bool with_density_, grows_;
  Rollout rollout_;
  std::optional<RolloutStart> start_;  ///< absent where frames are sampled afresh
  std::vector<double> times_;          ///< [K], normalised
  std::optional<GridDensity> on_grid_;
  std::optional<MuRule> guide_rule_;  ///< chosen where there is a guide
  std::optional<RolloutFile> file_;
  std::set<std::size_t> lost_;         ///< indices of the mu that were warned of
  std::unique_ptr<FieldWatch> field_;  ///< of the mu whose frames are being written
  std::vector<FieldAt> fields_;
  std::vector<std::string> warnings_;
};

}  // namespace

InferResult infer(const InferRequest& request) {
  const Abandonable nothing_to_lose;
  const torch::NoGradGuard no_grad;
  const auto& options = request.options;
  const torch::Device device = open_device(request.device);
  check_ranges(options);
  require(options.frames != 1, "option 'infer.frames'", options.frames, "2 or more, or 0 for all training times");

  InferResult result;
  const auto model = load_model(request.model_path);
  result.mu = asked_mu(model, options);
  for (const auto& mu : result.mu) warn_about_extrapolation(model, mu, result.warnings);
  check_kind(model, request.model_path, options);
  if (model.sigma > 0 && options.integration.method != integrators::IntegrationMethod::euler_maruyama)
    result.warnings.push_back(
        "the model was trained with loss.sigma > 0; --set infer.method=euler-maruyama adds the noise "
        "that belongs to it.");
  model.to(device);
  Inference inference(request, model);
  inference.note_start(result.warnings);
  inference.run();
  result.fields = inference.fields();
  result.warnings.insert(result.warnings.end(), inference.warnings().begin(), inference.warnings().end());
  return result;
}

}  // namespace scorefield::training
