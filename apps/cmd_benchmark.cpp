#include <algorithm>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/commands.hpp"
#include "benchmarks/benchmark.hpp"
#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/simd/instruction_set.hpp"
#include "core/version.hpp"

namespace scorefield::apps {
namespace {

using benchmarks::BenchmarkCase;
using benchmarks::BenchmarkResult;
using nlohmann::json;

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown";
}

json machine() {
  return {{"processor", processor_name()},
          {"cores", std::thread::hardware_concurrency()},
          {"threads", thread_count()},
          {"instruction_set", simd::name(simd::instruction_set())},
          {"version", version()}};
}

/// Those that are named; without names, on a device other than the CPU those that run there, else the CPU's.
std::vector<const BenchmarkCase*> chosen_cases(const std::vector<std::string>& names, const std::string& device) {
  std::vector<const BenchmarkCase*> chosen;
  std::vector<std::string> known;
  for (const auto& item : benchmarks::benchmark_cases()) {
    known.push_back(item.name);
    const bool named = std::find(names.begin(), names.end(), item.name) != names.end();
    if (named && device != "cpu" && !item.on_device)
      throw UsageError("benchmark: the case '" + item.name + "' runs on the CPU; leave out --device " + device + ".");
    if (named || (names.empty() && item.on_device == (device != "cpu"))) chosen.push_back(&item);
  }
  for (const auto& name : names)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw UsageError(unknown_name_message("benchmark", name, known));
  return chosen;
}

json to_json(const BenchmarkResult& result) {
  json entry{{"case", result.name},           {"threads", result.threads},
             {"dtype", result.dtype},         {"milliseconds", result.milliseconds},
             {"reference", result.reference}, {"reference_milliseconds", result.reference_milliseconds},
             {"speedup", result.speedup()}};
  if (result.bound_milliseconds) {
    entry["bound_milliseconds"] = *result.bound_milliseconds;
    entry["share_of_bound"] = *result.bound_milliseconds / result.milliseconds;
  }
  for (const auto& [name, value] : result.numbers) entry[name] = value;
  return entry;
}

void print_header() {
  std::cout << std::left << std::setw(40) << "case" << std::right << std::setw(8) << "threads" << std::setw(11) << "ms"
            << std::setw(14) << "reference ms" << std::setw(10) << "speed-up" << std::setw(11) << "bound ms"
            << std::setw(8) << "share" << "\n";
}

void print_row(const BenchmarkResult& result) {
  std::cout << std::left << std::setw(40) << result.name << std::right << std::setw(8) << result.threads << std::fixed
            << std::setprecision(2) << std::setw(11) << result.milliseconds << std::setw(14)
            << result.reference_milliseconds << std::setw(9) << result.speedup() << "x";
  if (result.bound_milliseconds)
    std::cout << std::setw(11) << *result.bound_milliseconds << std::setprecision(0) << std::setw(7)
              << 100 * *result.bound_milliseconds / result.milliseconds << "%";
  std::cout << "\n    beside " << result.reference;
  std::cout << std::defaultfloat << std::setprecision(4);
  for (const auto& [name, value] : result.numbers) std::cout << "; " << name << " " << value;
  std::cout << std::endl;
}

class Benchmark : public Command {
 public:
  std::string usage() const override { return "[CASE...] [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_arguments("case");
    line.add_shorthand("seconds", "S", "benchmark.seconds", "least time spent on each piece of work");
    line.add_example("scorefield benchmark");
    line.add_example("scorefield benchmark score-d4-w64 --threads 1");
    line.add_example("scorefield benchmark --device cuda");
  }

  void bind(const CommandLine&, OptionSet& set) override { benchmarks::bind(set, options_); }

  std::string help_appendix(const CommandLine&) const override {
    std::string text = "\nCases:\n";
    for (const auto& item : benchmarks::benchmark_cases()) text += "  " + item.name + "\n      " + item.summary + "\n";
    return text;
  }

  void prepare(const CommandLine& line, OptionSet&) override {
    options_.device = line.common().device;
    chosen_ = chosen_cases(line.values("case"), options_.device);
  }

  /// Rows are printed as they come.
  std::optional<Answer> run(const CommandLine& line, const OptionSet&) override {
    json cases = json::array();
    if (!line.common().json) print_header();
    for (const auto* item : chosen_) {
      const auto result = item->run(options_);
      if (line.common().json) cases.push_back(to_json(result));
      else print_row(result);
    }
    if (!line.common().json) return std::nullopt;
    return Answer{json{{"machine", machine()}, {"cases", cases}}.dump(2), "", {}};
  }

 private:
  benchmarks::BenchmarkOptions options_;
  std::vector<const BenchmarkCase*> chosen_;
};

}  // namespace

std::unique_ptr<Command> make_benchmark() { return std::make_unique<Benchmark>(); }

}  // namespace scorefield::apps
