#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "training/fields/define_field.hpp"
#include "training/fields/force/force_carrying.hpp"
#include "training/fields/force/force_fit.hpp"
#include "training/fields/force/force_model.hpp"
#include "training/losses/velocity_source.hpp"
#include "training/model_file.hpp"
#include "training/normalization.hpp"
#include "training/trainer.hpp"
#include "training/training_data.hpp"

namespace scorefield::training {
namespace {

/// D of the velocities, [s]; empty: they do not diffuse.
std::vector<double> velocity_diffusion(const data::DatasetHeader& header) {
  if (!diffuses(header)) return {};
  std::vector<double> rates;
  for (const auto v : kinetic_pairs_of(header).velocity) rates.push_back(header.diffusion[v]);
  return rates;
}

/// Whether positions diffuse by themselves, which no force and noise of velocities makes.
bool positions_diffuse(const data::DatasetHeader& header) {
  const auto pairs = kinetic_pairs_of(header);
  return diffuses(header) && std::any_of(pairs.position.begin(), pairs.position.end(),
                                         [&](std::size_t x) { return header.diffusion[x] > 0; });
}

/// Why a force does not move these data.
std::string not_kinetic(const std::string& path, const data::DatasetHeader& header) {
  const auto& names = header.coordinates;
  const auto momentum = std::find_if(names.begin(), names.end(), [](const auto& name) {
    return (name.starts_with("u") || name.starts_with("p")) && name.size() <= 2;
  });
  return path +
         ": model.field = force moves positions with their velocities, which must be all coordinates: x and v, or NAME "
         "and vNAME (x and vx), with accelerations, charge, particles that are followed or four times at least. " +
         (momentum == names.end() ? std::string("Train with model.field = potential.")
                                  : "'" + *momentum +
                                        "' is a momentum: import velocities (import.records = \"position, velocity\" "
                                        "of openPMD), or train with model.field = potential.");
}

ForceModel model_of(const data::DatasetHeader& header, ForceFit fit, const ForceCarrying& carrying) {
  ForceModel force{fit.basis, header.mu, std::move(fit.runs), carrying.rule, carrying.clocks, fit.source};
  force.diffusion = velocity_diffusion(header);
  force.response = std::move(fit.response);
  force.unexplained = fit.unexplained;
  return force;
}

void warn_about_diffusion(const data::DatasetHeader& header, const TrainRequest& request, TrainResult& result) {
  if (!positions_diffuse(header)) return;
  TrainProgress notice;
  notice.message = "positions also diffuse, which a force leaves out: rollouts do not spread as they do.";
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
    set.add("force.alignment", options_.alignment,
            {{"auto", ForceAlignment::automatic}, {"none", ForceAlignment::none}, {"clocks", ForceAlignment::clocks}},
            "before that, the clocks of the training runs are set to each other, so that the same happens at the same "
            "time: waves of another period or growth; auto: where that lowers the error at training runs left out");
  }

  [[nodiscard]] std::optional<std::string> suits(const data::DatasetReader& reader,
                                                 const TrainConfig& config) const override {
    const auto& header = reader.header();
    if (positions_diffuse(header) || config.batch.identity == IdentityUse::ignore) return std::nullopt;
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
  if (!force_source(reader.header(), options_)) throw UsageError(not_kinetic(request.data_path, reader.header()));
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
  const auto carrying = choose_carrying(options_, mu, fit.runs);
  const ForceModel force = model_of(reader.header(), std::move(fit), carrying);

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
  result.validation_loss = std::max(0.0, carrying.rule.left_out);
  warn_about_diffusion(reader.header(), request, result);
  result.description = "force of " + std::to_string(force.basis.size()) + " functions by " + force.source +
                       (fit.rest >= 0 ? " (" + percent(fit.rest) + " of them left)" : "") + "; between runs " +
                       carrying.text;
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
