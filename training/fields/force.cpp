#include <torch/types.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/error.hpp"
#include "training/fields/define_field.hpp"
#include "training/fields/force/force_fit.hpp"
#include "training/fields/force/force_model.hpp"
#include "training/losses/velocity_source.hpp"
#include "training/model_file.hpp"
#include "training/normalization.hpp"
#include "training/trainer.hpp"
#include "training/training_data.hpp"

namespace scorefield::training {
namespace {

/// Products of the runs' coefficients, over all times, [M, M].
dense::Matrix products_of(const std::vector<models::ForceCourse>& runs) {
  const auto count = static_cast<Eigen::Index>(runs.size());
  dense::Matrix products(count, count);
  for (Eigen::Index i = 0; i < count; ++i)
    for (Eigen::Index j = 0; j <= i; ++j) {
      const auto &a = runs[static_cast<std::size_t>(i)].value, &b = runs[static_cast<std::size_t>(j)].value;
      double sum = 0;
      for (std::size_t n = 0; n < a.size(); ++n) sum += a[n] * b[n];
      products(i, j) = products(j, i) = sum;
    }
  return products;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", 100 * share);
  return text;
}

/// What the least error of every kind of interpolation is, for the user.
std::string compared(const std::vector<std::vector<double>>& mu, const dense::Matrix& products, const MuRule& chosen) {
  if (chosen.left_out < 0) return "";
  std::string text = " (error at training runs left out: " + percent(chosen.left_out);
  for (const auto kind : {MuInterpolationKind::linear, MuInterpolationKind::cubic, MuInterpolationKind::kriging}) {
    const auto other = choose_mu_rule(kind, mu, products);
    if (other.kind == kind && kind != chosen.kind)
      text += std::string(kind == MuInterpolationKind::linear  ? "; linear "
                          : kind == MuInterpolationKind::cubic ? "; cubic "
                                                               : "; kriging ") +
              percent(other.left_out);
  }
  return text + ")";
}

void warn_about_diffusion(const data::DatasetHeader& header, const TrainRequest& request, TrainResult& result) {
  if (!diffuses(header)) return;
  TrainProgress notice;
  notice.message = "the particles also diffuse, which a force leaves out: rollouts do not spread as they do.";
  notice.warning = true;
  result.warnings.push_back(notice.message);
  if (request.observer) request.observer(notice);
}

}  // namespace

/// dx/dt = v, dv/dt = F(x; mu, t): positions stream, and a force of positions alone acts on velocities, as in a kinetic
/// plasma. (v, F) has no potential in (x, v), so a gradient field can move the density, not the particles; here what is
/// learned is a function of positions, by least squares at every frame, and carried to other mu by interpolation.
class ForceField final : public Field {
 public:
  [[nodiscard]] std::unique_ptr<Field> clone() const override { return std::make_unique<ForceField>(*this); }
  [[nodiscard]] std::string name() const override { return "force"; }
  [[nodiscard]] std::string summary() const override {
    return "positions move with their velocities, on which a force of positions acts, as in a plasma";
  }

  void bind(OptionSet& set) override {
    set.add("force.source", options_.source,
            {{"auto", ForceSource::automatic},
             {"stored", ForceSource::stored},
             {"charge", ForceSource::charge},
             {"differences", ForceSource::differences},
             {"momentum", ForceSource::momentum}},
            "where the force of a frame is taken from: stored accelerations; Poisson's equation of the particles' "
            "charge in its box; differences of velocities of particles that are followed; the balance of momentum "
            "between snapshots; auto: the first of these that the data have");
    set.add("force.modes", options_.modes, in(0, 64),
            "waves of the force along an axis; 0: 16 in one dimension, 6 in "
            "two, 3 in three");
    set.add("force.charge_to_mass", options_.charge_to_mass, any_number(),
            "source = charge: of the particles, -1 for electrons in plasma units; 0: by the balance of momentum");
    set.add("force.interpolation", options_.interpolation,
            {{"auto", MuInterpolationKind::automatic},
             {"linear", MuInterpolationKind::linear},
             {"cubic", MuInterpolationKind::cubic},
             {"kriging", MuInterpolationKind::kriging}},
            "how the force is carried to other mu; auto: what has the least error at training runs that are left out");
  }

  [[nodiscard]] std::optional<std::string> suits(const data::DatasetReader& reader, const TrainConfig&) const override {
    const auto& header = reader.header();
    if (diffuses(header)) return std::nullopt;
    const auto source = force_source(header, options_);
    if (source == ForceSource::stored) return "the data have positions, velocities and accelerations";
    if (source == ForceSource::charge) return "the data have positions, velocities, and charge in a known box";
    return std::nullopt;
  }

  [[nodiscard]] TrainResult train(const TrainRequest& request) const override;

  [[nodiscard]] bool reads(const std::string& kind) const override { return kind == kForceKind; }
  void read(const h5::File& file, const data::ModelHeader& header, ReducedModel& model) const override {
    model.mover = std::make_shared<ForceMover>(read_force(file, header.data.mu), model.normalizer);
  }

 private:
  ForceOptions options_;
};

TrainResult ForceField::train(const TrainRequest& request) const {
  const auto start = std::chrono::steady_clock::now();
  const auto reader = open_training_data(request.data_path, request.config);
  if (!force_source(reader.header(), options_))
    throw UsageError(request.data_path +
                     ": model.field = force moves positions with their velocities, which must be "
                     "all coordinates: x and v, or NAME and vNAME (x and vx), with accelerations, charge, particles "
                     "that are followed or four times at least. Train with model.field = potential.");
  if (request.processes && !request.processes->is_root()) return {};
  const auto report = [&](const Progress& at) {
    if (!request.observer) return;
    TrainProgress progress;
    progress.stage = at.stage;
    progress.step = at.done;
    progress.total_steps = at.total;
    request.observer(progress);
  };
  auto fit = fit_force(reader, options_, report);
  const auto& mu = reader.header().mu;
  const auto products = products_of(fit.runs);
  const auto rule = choose_mu_rule(options_.interpolation, mu, products);
  const ForceModel force{fit.basis, mu, std::move(fit.runs), rule, fit.source};

  ReducedModel model;
  model.kind = kForceKind;
  model.header = reader.header();
  model.normalizer = compute_normalizer(reader, request.config.model.metric, 2);
  model.initial = initial_populations_of(reader);
  model.range = population_range_of(reader);
  model.observables = observable_courses_of(reader);
  TrainResult result;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.parameters = static_cast<std::int64_t>(force.runs.size() * force.runs.front().value.size());
  result.engine = "least squares";
  result.final_loss = std::max(0.0, fit.rest);
  result.validation_loss = std::max(0.0, rule.left_out);
  warn_about_diffusion(reader.header(), request, result);
  result.description = "force of " + std::to_string(force.basis.size()) + " functions by " + fit.source +
                       (fit.rest >= 0 ? " (" + percent(fit.rest) + " of them left)" : "") + "; between runs " +
                       describe(rule) + compared(mu, products, rule);
  data::ModelHeader header;
  header.provenance.format = data::kModelFormat;
  header.provenance.seed = request.seed;
  header.provenance.config = request.config_toml;
  header.parameters = header.network_parameters = result.parameters;
  save_field_model(request.output_path, header, model,
                   {.step = {0},
                    .loss = {result.final_loss},
                    .validation_loss = {result.validation_loss},
                    .seconds = {result.seconds},
                    .learning_rate = {0}},
                   [&](h5::File& file) { write_force(file, force); });
  return result;
}

template std::unique_ptr<Field> make_field<ForceField>();

}  // namespace scorefield::training
