#include <cstdio>
#include <nlohmann/json.hpp>

#include "apps/commands.hpp"
#include "apps/progress.hpp"
#include "core/error.hpp"
#include "data/atomic_file.hpp"
#include "training/calibration/calibrate.hpp"

namespace scorefield::apps {
namespace {

using nlohmann::ordered_json;

/// A number for one physics parameter, a list for several.
ordered_json value_of(const std::vector<double>& values) {
  return values.size() == 1 ? ordered_json(values.front()) : ordered_json(values);
}

ordered_json values_of(const std::vector<std::vector<double>>& rows) {
  auto list = ordered_json::array();
  for (const auto& row : rows) list.push_back(value_of(row));
  return list;
}

class Calibrate : public Command {
 public:
  std::string usage() const override { return "MODEL.h5 DATA.h5 [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_arguments("files");
    line.add_flag("output", "RESULT.json", "also write the result, bootstrap estimates included, to a file");
    line.add_shorthand("run", "INDEX", "calibrate.run", "which run of DATA.h5 is the observation, from 0");
    line.add_shorthand("bootstrap", "B", "calibrate.bootstrap", "resampled observations for the uncertainty");
    line.add_example("scorefield calibrate model.h5 observed.h5");
    line.add_example("scorefield calibrate model.h5 observed.h5 --run 2 --set calibrate.frames=20 --json");
  }

  void bind(const CommandLine&, OptionSet& set) override { training::bind(set, request_.options); }

  void prepare(const CommandLine& line, OptionSet&) override {
    const auto files = line.values("files");
    if (files.size() != 2)
      throw UsageError("calibrate takes two files, got " + std::to_string(files.size()) +
                       ". Usage: scorefield calibrate " + usage());
    request_.model_path = files[0];
    request_.data_path = files[1];
  }

  std::optional<Answer> run(const CommandLine& line, const OptionSet&) override {
    const auto output = line.value("output");
    if (output) check_output_differs(*output, {request_.model_path, request_.data_path});
    ProgressPrinter printer(line.common().quiet);
    request_.seed = line.common().seed;
    request_.device = line.common().device;
    request_.observer = printer.observer();
    const auto result = training::calibrate(request_);
    auto json = json_of(result);
    const std::string brief = json.dump(2);
    if (output) {
      json["bootstrap"] = values_of(result.bootstrap);
      data::write_text_file(*output, json.dump(2) + "\n");
    }
    return Answer{brief, text_of(result), warnings(result)};
  }

 private:
  [[nodiscard]] bool has_uncertainty() const { return request_.options.bootstrap > 1; }

  [[nodiscard]] ordered_json json_of(const training::Calibration& result) const {
    ordered_json json{{"command", "calibrate"},
                      {"model", request_.model_path},
                      {"data", request_.data_path},
                      {"mu", value_of(result.mu)},
                      {"distance", result.distance},
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
    }
    return json;
  }

  [[nodiscard]] std::string text_of(const training::Calibration& result) const {
    std::string text;
    char part[160];
    for (std::size_t p = 0; p < result.mu.size(); ++p) {
      std::snprintf(part, sizeof part, "%smu = %.6g", p > 0 ? ", " : "", result.mu[p]);
      text += part;
      if (!has_uncertainty()) continue;
      std::snprintf(part, sizeof part, " +- %.2g (95 %%: %.6g to %.6g)", result.deviation[p], result.low[p],
                    result.high[p]);
      text += part;
    }
    std::snprintf(part, sizeof part, ", sliced W2 %.3g, %lld rollouts\n", result.distance,
                  static_cast<long long>(result.rollouts));
    return text + part;
  }

  static std::vector<std::string> warnings(const training::Calibration& result) {
    auto warnings = result.warnings;
    if (result.at_boundary)
      warnings.emplace_back("the best mu lies at the end of the training range; the true one may lie beyond.");
    if (!result.converged)
      warnings.emplace_back("not converged; raise calibrate.iterations, or look at the scan for several minima.");
    return warnings;
  }

  training::CalibrateRequest request_;
};

}  // namespace

std::unique_ptr<Command> make_calibrate() { return std::make_unique<Calibrate>(); }

}  // namespace scorefield::apps
