#include <chrono>
#include <filesystem>
#include <sstream>

#include "apps/commands.hpp"
#include "apps/parameter_values.hpp"
#include "apps/progress.hpp"
#include "core/error.hpp"
#include "data/problems/problem.hpp"

namespace scorefield::apps {
namespace {

class Generate : public Command {
 public:
  std::string usage() const override { return "PROBLEM --output DATA.h5 [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_argument("problem");
    line.add_flag("output", "DATA.h5", "the dataset to write");
    line.add_mu("generate",
                "physics parameters: 1.2,1.3 or 1.2:1.9:0.1 (default: the problem's training values); several: "
                "NAME=LIST, repeated, their product, or @TABLE.csv, whose header names them; names are mu, then option "
                "keys that are numbers");
    line.add_shorthand("particles", "N", "generate.particles", "particles to store per frame");
    line.add_shorthand("frames", "K", "generate.frames",
                       "times to store, both ends included; 1: the initial populations");
    line.add_switch("resume",
                    "continue an interrupted or killed run of the same command from DATA.h5.checkpoint, bit for bit");
    line.add_example("scorefield generate two-stream --output train.h5");
    line.add_example("scorefield generate two-stream --mu 1.25:1.85:0.1 --seed 1 --output test.h5 --set pic.shape=cic");
    line.add_example(
        "scorefield generate two-stream --mu mu=1.2:1.8:0.2 --mu perturbation.amplitude=0.02,0.05 --output two.h5");
  }

  /// Without a problem, help still shows the keys that every problem shares.
  void bind(const CommandLine& line, OptionSet& set) override {
    name_ = line.help() ? line.value("problem").value_or("") : line.required("problem");
    set.add("problem", name_, "the system that is simulated");
    if (!name_.empty()) problem_ = problems::make_problem(name_);
    if (problem_) options_.particles = problem_->default_particles();
    problems::bind(set, options_);
    if (problem_) problem_->bind(set);
  }

  std::string help_appendix(const CommandLine& line) const override {
    if (line.value("problem")) return "";
    std::string text = "\nProblems, each with keys of its own ('scorefield generate PROBLEM --help'):\n";
    for (const auto& name : problems::problem_names())
      text += "  " + name + ": " + problems::make_problem(name)->summary() + "\n";
    return text;
  }

  void prepare(const CommandLine& line, OptionSet&) override { output_ = line.required("output"); }

  std::optional<Answer> run(const CommandLine& line, const OptionSet& set) override {
    if (name_ != problem_->name())
      throw UsageError("the configuration is of problem '" + name_ + "', the command line says '" + problem_->name() +
                       "'.");
    options_.seed = line.common().seed;
    options_.checkpoint = output_ + ".checkpoint";
    options_.resume = line.has("resume");
    // The defaults that depend on the problem become part of the stored configuration.
    options_ = problems::resolved(options_, *problem_);
    problem_->validate(options_);

    ProgressPrinter printer(line.common().quiet);
    const auto start = std::chrono::steady_clock::now();
    options_.config = set.to_toml();
    problems::generate_dataset(*problem_, options_, output_, printer.observer());
    return answer(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }

 private:
  [[nodiscard]] Answer answer(double seconds) const {
    const nlohmann::ordered_json json{{"command", "generate"},
                                      {"problem", name_},
                                      {"output", output_},
                                      {"parameters", problem_->parameters()},
                                      {"mu", values_of(options_.mu)},
                                      {"particles", options_.particles},
                                      {"frames", options_.frames},
                                      {"seed", options_.seed},
                                      {"seconds", seconds},
                                      {"bytes", std::filesystem::file_size(output_)}};
    std::ostringstream text;
    text << output_ << ": " << name_ << ", " << options_.mu.size() << " mu, " << options_.frames << " times, "
         << options_.particles << " particles, " << format_duration(seconds) << "\n";
    return {json.dump(2), text.str(), {}};
  }

  std::string name_, output_;
  std::unique_ptr<problems::Problem> problem_;  ///< null when help is asked for without one
  problems::GenerateOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_generate() { return std::make_unique<Generate>(); }

}  // namespace scorefield::apps
