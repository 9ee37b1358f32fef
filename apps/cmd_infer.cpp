#include <chrono>

#include "apps/commands.hpp"
#include "apps/parameter_values.hpp"
#include "apps/progress.hpp"
#include "training/rollout/infer.hpp"

namespace scorefield::apps {
namespace {

class Infer : public Command {
 public:
  std::string usage() const override { return "MODEL.h5 --mu LIST --output ROLLOUT.h5 [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_argument("model");
    line.add_flag("output", "ROLLOUT.h5", "the rollout to write");
    line.add_mu("infer",
                "physics parameters to predict: 1.25,1.35 or 1.25:1.85:0.1; several: \"(1.25, 0.5), (1.35, 0.7)\", "
                "NAME=LIST, repeated, their product, or @TABLE.csv, whose header names them");
    line.add_shorthand("particles", "N", "infer.particles",
                       "particles per rollout (default: as many as the training data)");
    line.add_shorthand("frames", "K", "infer.frames", "times to store, of the training times (default: all of them)");
    line.add_shorthand("initial", "DATA.h5", "infer.initial",
                       "take the initial population from a dataset (default: infer.start)");
    line.add_switch("log-density",
                    "also write /log_density, from a Gaussian fitted to the initial population (infer.log_density)");
    line.add_example("scorefield infer model.h5 --mu 1.25:1.85:0.1 --output rollout.h5");
    line.add_example("scorefield infer model.h5 --mu \"(1.25, 0.03), (1.35, 0.04)\" --output rollout.h5");
    line.add_example("scorefield infer model.h5 --mu 1.55 --frames 11 --set infer.method=rk4 --output rollout.h5");
  }

  void bind(const CommandLine&, OptionSet& set) override {
    set.add("model", request_.model_path, "the trained model");
    training::bind(set, request_.options);
  }

  void prepare(const CommandLine& line, OptionSet&) override {
    static_cast<void>(line.required("model"));
    request_.output_path = line.required("output");
  }

  std::optional<Answer> run(const CommandLine& line, const OptionSet& set) override {
    auto& options = request_.options;
    if (line.has("log-density") && options.log_density == training::LogDensityKind::none)
      options.log_density = training::LogDensityKind::gaussian;
    for (const char* count : {"particles", "frames"})  // leaving one out means all; asking for none is a mistake
      if (const auto text = line.value(count)) static_cast<void>(parse_count(count, *text));
    if (options.mu.empty()) static_cast<void>(line.required("mu"));
    request_.model_path = line.required("model");
    check_output_differs(request_.output_path, {request_.model_path, options.start.path});

    const auto launched =
        distributed::join_launched(line.common().device, [](const std::string& text) { print_warning("infer", text); });
    ProgressPrinter printer(line.common().quiet || !launched.is_root());
    request_.config_toml = set.to_toml();
    request_.seed = line.common().seed;
    request_.device = launched.device;
    request_.observer = printer.observer();
    request_.processes = launched.processes.get();
    const auto start = std::chrono::steady_clock::now();
    const auto result = training::infer(request_);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!launched.is_root()) return std::nullopt;
    return answer(result, seconds);
  }

 private:
  [[nodiscard]] Answer answer(const training::InferResult& result, double seconds) const {
    nlohmann::ordered_json json{
        {"command", "infer"},         {"model", request_.model_path}, {"output", request_.output_path},
        {"mu", values_of(result.mu)}, {"seconds", seconds},           {"warnings", result.warnings}};
    json["fields"] = nlohmann::ordered_json::array();
    for (const auto& [mu, check] : result.fields)
      json["fields"].push_back({{"mu", mu},
                                {"energy_ratio", check.energy_ratio},
                                {"difference", check.difference},
                                {"difference_floor", check.floor},
                                {"agrees", check.warning.empty()}});
    return {json.dump(2),
            request_.output_path + ": " + std::to_string(result.mu.size()) + " rollouts in " +
                format_duration(seconds) + "\n",
            result.warnings};
  }

  training::InferRequest request_;
};

}  // namespace

std::unique_ptr<Command> make_infer() { return std::make_unique<Infer>(); }

}  // namespace scorefield::apps
