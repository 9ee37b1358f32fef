#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/command_line.hpp"
#include "apps/commands.hpp"
#include "apps/progress.hpp"
#include "core/error.hpp"
#include "data/problems/problem.hpp"

namespace scorefield::apps {
namespace {

void declare_generate(CommandLine& line) {
  line.add_argument("problem");
  line.add_flag("output", "DATA.h5", "the dataset to write");
  line.add_shorthand("mu", "LIST", "generate.mu",
                     "physics parameters: 1.2,1.3 or 1.2:1.9:0.1 (default: the problem's training values)");
  line.add_shorthand("particles", "N", "generate.particles", "particles to store per frame");
  line.add_shorthand("frames", "K", "generate.frames",
                     "times to store, both ends included; 1: the initial populations");
  line.add_switch("resume",
                  "continue an interrupted or killed run of the same command from DATA.h5.checkpoint, bit for bit");
  line.add_example("scorefield generate two-stream --output train.h5");
  line.add_example("scorefield generate two-stream --mu 1.25:1.85:0.1 --seed 1 --output test.h5 --set pic.shape=cic");
}

/// Without a problem, help still shows the keys that every problem shares, and which problems there are.
void print_help(const CommandLine& line, OptionSet& set) {
  std::cout << line.help_text(set);
  if (line.value("problem")) return;
  std::cout << "\nProblems, each with keys of its own ('scorefield generate PROBLEM --help'):\n";
  for (const auto& name : problems::problem_names())
    std::cout << "  " << name << ": " << problems::make_problem(name)->summary() << "\n";
}

void print_result(const CommandLine& line, const std::string& problem, const std::string& output,
                  const problems::GenerateOptions& options, double seconds) {
  if (line.common().json) {
    std::cout << nlohmann::json{{"command", "generate"},
                                {"problem", problem},
                                {"output", output},
                                {"mu", options.mu},
                                {"particles", options.particles},
                                {"frames", options.frames},
                                {"seed", options.seed},
                                {"seconds", seconds},
                                {"bytes", std::filesystem::file_size(output)}}
                     .dump(2)
              << "\n";
    return;
  }
  std::cout << output << ": " << problem << ", " << options.mu.size() << " mu, " << options.frames << " times, "
            << options.particles << " particles, " << format_duration(seconds) << "\n";
}

}  // namespace

void run_generate(int argc, const char* const* argv) {
  CommandLine line("generate", "runs a high-fidelity generator and stores its particles",
                   "PROBLEM --output DATA.h5 [FLAGS]");
  declare_generate(line);
  line.parse(argc, argv);

  OptionSet set;
  std::string name = line.help() ? line.value("problem").value_or("") : line.required("problem");
  problems::GenerateOptions options;
  line.bind(set);
  set.add("problem", name, "the system that is simulated");
  const auto problem = name.empty() ? nullptr : problems::make_problem(name);
  if (problem) options.particles = problem->default_particles();
  problems::bind(set, options);
  if (problem) problem->bind(set);
  if (line.help()) return print_help(line, set);

  const std::string output = line.required("output");
  line.resolve(set);
  if (name != problem->name())
    throw UsageError("the configuration is of problem '" + name + "', the command line says '" + problem->name() +
                     "'.");
  options.seed = line.common().seed;
  options.checkpoint = output + ".checkpoint";
  options.resume = line.has("resume");
  // The defaults that depend on the problem become part of the stored configuration.
  options = problems::with_defaults(options, *problem);
  problem->validate(options);

  ProgressPrinter printer(line.common().quiet);
  const auto start = std::chrono::steady_clock::now();
  options.config = set.to_toml();
  problems::generate_dataset(*problem, options, output, printer.observer());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  print_result(line, name, output, options, seconds);
}

}  // namespace scorefield::apps
