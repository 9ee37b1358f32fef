#include <algorithm>
#include <cstdio>

#include "apps/commands.hpp"
#include "apps/parameter_values.hpp"
#include "apps/progress.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "data/atomic_file.hpp"
#include "training/calibration/ensemble.hpp"

namespace scorefield::apps {
namespace {

using nlohmann::ordered_json;

std::string text_of(const char* format, double value) {
  char part[64];
  std::snprintf(part, sizeof part, format, value);
  return part;
}

ordered_json json_of(const training::Ensemble& ensemble) {
  ordered_json json;
  for (const char* key : {"models", "seeds", "mu", "distance", "floor"}) json[key] = ordered_json::array();
  for (const auto& [model, seed, found] : ensemble.members) {
    json["models"].push_back(model);
    json["seeds"].push_back(seed);
    json["mu"].push_back(value_of(found.mu));
    json["distance"].push_back(found.distance);
    json["floor"].push_back(found.floor);
  }
  json["mean"] = value_of(ensemble.mean);
  json["spread"] = value_of(ensemble.spread);
  json["deviation"] = value_of(ensemble.deviation);
  json["interval"] = {value_of(ensemble.low), value_of(ensemble.high)};
  return json;
}

class Calibrate : public Command {
 public:
  std::string usage() const override { return "MODEL.h5... DATA.h5 [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_arguments("files");
    line.add_flag("output", "RESULT.json", "also write the result, bootstrap estimates included, to a file");
    line.add_shorthand("run", "INDEX", "calibrate.run", "which run of DATA.h5 is the observation, from 0");
    line.add_shorthand("bootstrap", "B", "calibrate.bootstrap", "resampled observations for the uncertainty");
    line.add_shorthand("initial", "DATA.h5", "calibrate.initial_file",
                       "take the initial population from a dataset (default: calibrate.initial)");
    line.add_shorthand("seeds", "S", "calibrate.seeds", "estimate with so many seeds and report their spread");
    line.add_example("scorefield calibrate model.h5 observed.h5");
    line.add_example("scorefield calibrate model.h5 observed.h5 --run 2 --set calibrate.frames=20 --json");
    line.add_example("scorefield calibrate model-0.h5 model-1.h5 model-2.h5 observed.h5 --seeds 2");
  }

  void bind(const CommandLine&, OptionSet& set) override { training::bind(set, request_.options); }

  void prepare(const CommandLine& line, OptionSet&) override {
    auto files = line.values("files");
    if (files.size() < 2)
      throw UsageError("calibrate takes one or several models and the data, got " + std::to_string(files.size()) +
                       (files.size() == 1 ? " file" : " files") + ". Usage: scorefield calibrate " + usage());
    request_.data_path = files.back();
    files.pop_back();
    models_ = files;
  }

  std::optional<Answer> run(const CommandLine& line, const OptionSet&) override {
    const auto output = line.value("output");
    if (output) {
      auto inputs = models_;
      inputs.insert(inputs.end(), {request_.data_path, request_.options.initial_file});
      check_output_differs(*output, inputs);
    }
    ProgressPrinter printer(line.common().quiet);
    request_.seed = line.common().seed;
    request_.device = line.common().device;
    request_.observer = printer.observer();
    const auto ensemble = training::calibrate_ensemble(request_, models_);
    const auto& result = ensemble.members.front().found;
    auto json = json_of(result);
    if (ensemble.members.size() > 1) json["ensemble"] = apps::json_of(ensemble);
    const std::string brief = json.dump(2);
    if (output) {
      json["bootstrap"] = values_of(result.bootstrap);
      data::write_text_file(*output, json.dump(2) + "\n");
    }
    return Answer{brief, text_of(result) + text_of(ensemble), warnings(ensemble)};
  }

 private:
  [[nodiscard]] bool has_uncertainty() const { return request_.options.bootstrap > 1; }

  [[nodiscard]] ordered_json json_of(const training::Calibration& result) const {
    ordered_json json{{"command", "calibrate"},
                      {"model", models_.front()},
                      {"data", request_.data_path},
                      {"parameters", result.names},
                      {"mu", value_of(result.mu)},
                      {"distance", result.distance},
                      {"fit", {{"distance", result.distance}, {"floor", result.floor}, {"fits", result.fits}}},
                      {"gradient", value_of(result.gradient)},
                      {"converged", result.converged},
                      {"at_boundary", result.at_boundary},
                      {"iterations", result.iterations},
                      {"rollouts", result.rollouts},
                      {"scan", {{"mu", values_of(result.scan_mu)}, {"distance", result.scan_distance}}},
                      {"warnings", result.warnings}};
    if (has_uncertainty()) {
      json["deviation"] = value_of(result.deviation);
      json["interval"] = {value_of(result.low), value_of(result.high)};
      json["covariance"] = result.covariance;
    }
    return json;
  }

  /// A line; with several parameters one for each of them first.
  [[nodiscard]] std::string text_of(const training::Calibration& result) const {
    const bool several = result.mu.size() > 1;
    std::string text;
    for (std::size_t p = 0; p < result.mu.size(); ++p) {
      text += result.names[p] + apps::text_of(" = %.6g", result.mu[p]);
      if (has_uncertainty())
        text += apps::text_of(" +- %.2g", result.deviation[p]) + apps::text_of(" (95 %%: %.6g", result.low[p]) +
                apps::text_of(" to %.6g)", result.high[p]);
      text += several ? "\n" : ", ";
    }
    if (several) text += correlations(result);
    text += apps::text_of("sliced W2 %.3g", result.distance);
    if (result.floor > 0) text += apps::text_of(" (sampling alone: %.3g)", result.floor);
    return text + ", " + std::to_string(result.rollouts) + " rollouts\n";
  }

  /// "correlation of mu and k: -0.83", a line for each pair.
  [[nodiscard]] std::string correlations(const training::Calibration& result) const {
    std::string text;
    if (!has_uncertainty()) return text;
    for (std::size_t i = 0; i < result.mu.size(); ++i)
      for (std::size_t j = i + 1; j < result.mu.size(); ++j) {
        const double product = result.deviation[i] * result.deviation[j];
        if (product > 0)
          text += "correlation of " + result.names[i] + " and " + result.names[j] +
                  apps::text_of(": %.2f\n", result.covariance[i][j] / product);
      }
    return text;
  }

  [[nodiscard]] static std::string text_of(const training::Ensemble& ensemble) {
    if (ensemble.members.size() == 1) return "";
    const std::string heading = std::to_string(ensemble.members.size()) + " estimates: ";
    std::string text;
    const auto& names = ensemble.members.front().found.names;
    for (std::size_t p = 0; p < names.size(); ++p)
      text += heading + names[p] + apps::text_of(" = %.6g", ensemble.mean[p]) +
              apps::text_of(" +- %.2g", ensemble.deviation[p]) +
              apps::text_of(", of which their spread %.2g", ensemble.spread[p]) +
              apps::text_of(" (95 %%: %.6g", ensemble.low[p]) + apps::text_of(" to %.6g)\n", ensemble.high[p]);
    return text;
  }

  static std::vector<std::string> warnings(const training::Ensemble& ensemble) {
    std::vector<std::string> all;
    const auto add = [&](const std::string& warning) {
      if (std::find(all.begin(), all.end(), warning) == all.end()) all.push_back(warning);
    };
    for (const auto& [model, seed, result] : ensemble.members) {
      const std::string where = ensemble.members.size() > 1 ? model + ": " : "";
      for (const auto& warning : result.warnings) add(warning);
      if (!result.fits)
        add(where + "the model does not fit: its distance " + apps::text_of("%.3g", result.distance) + " is " +
            apps::text_of("%.3g", result.distance / result.floor) + " times what sampling explains (" +
            apps::text_of("%.3g", result.floor) +
            "). The interval holds sampling alone; the error of the model, or a start that differs, is larger.");
      if (result.at_boundary)
        add(where + "the best " + comma_joined(result.on_boundary) +
            " lies at the end of the training range; the true one may lie beyond.");
      if (!result.converged)
        add(where + "not converged; raise calibrate.iterations, or look at the scan for several minima.");
    }
    return all;
  }

  std::vector<std::string> models_;
  training::CalibrateRequest request_;
};

}  // namespace

std::unique_ptr<Command> make_calibrate() { return std::make_unique<Calibrate>(); }

}  // namespace scorefield::apps
