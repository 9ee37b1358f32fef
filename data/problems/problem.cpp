#include "data/problems/problem.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/error.hpp"
#include "core/random.hpp"
#include "core/random_subset.hpp"
#include "core/text.hpp"
#include "data/problems/bistable.hpp"
#include "data/problems/chaos_9d.hpp"
#include "data/problems/landau_6d.hpp"
#include "data/problems/oscillator.hpp"
#include "data/problems/pic_problem.hpp"
#include "data/problems/plasma_cases.hpp"
#include "data/problems/sde_system.hpp"
#include "data/problems/trap.hpp"
#include "data/problems/vlasov.hpp"

namespace scorefield::problems {
namespace {

struct Registration {
  const char* name;
  std::unique_ptr<Problem> (*make)();
};

template <class Concrete>
std::unique_ptr<Problem> make() {
  return std::make_unique<Concrete>();
}

/// A new problem is one line here and its own file; 1D1V plasmas have a list of their own (plasma_cases.cpp).
constexpr Registration kProblems[] = {
    {"landau-6d", make<Landau6d>},
    {"vlasov", make<VlasovProblem>},
    {"oscillator", make<Oscillator>},
    {"bistable", make<Bistable>},
    {"trap", make<Trap>},
    {"chaos-9d", make<Chaos9d>},
    {"sde", make<SdeSystem>},
};

/// Root keys of a configuration that belong to other parts of the program (generate, train ...), not to the problem.
std::vector<std::string> foreign_keys(const toml::table& config, const OptionSet& own) {
  std::vector<std::string> foreign;
  for (const auto& [key, node] : config) {
    const std::string name(key.str());
    const auto keys = own.keys();
    const bool ours = std::any_of(keys.begin(), keys.end(), [&](const std::string& known) {
      return known == name || known.starts_with(name + ".");
    });
    if (!ours) foreign.push_back(name);
  }
  return foreign;
}

/// "2 numbers: mu, perturbation.amplitude"
std::string expected_numbers(const std::vector<std::string>& names) {
  return std::to_string(names.size()) + (names.size() == 1 ? " number: " : " numbers: ") + comma_joined(names);
}

}  // namespace

void Problem::use_parameters(std::vector<std::string> names) {
  if (names.empty() || names.front() != kMainParameter)
    throw UsageError(std::string("the first parameter of problem '") + name() + "' is mu, got '" + comma_joined(names) +
                     "'. Name it first: --mu mu=LIST --mu KEY=LIST.");
  const auto copy = clone();
  if (names.size() > 1 && !copy) throw UsageError("problem '" + name() + "' has one parameter, mu.");
  OptionSet set;
  if (copy) copy->bind(set);
  for (auto parameter = names.begin() + 1; parameter != names.end(); ++parameter) {
    std::vector<std::string> numbers;
    for (const auto& entry : set.entries())
      if (entry.type != OptionSet::Type::text && entry.type != OptionSet::Type::boolean) numbers.push_back(entry.key);
    if (std::find(numbers.begin(), numbers.end(), *parameter) == numbers.end())
      throw UsageError(unknown_name_message("parameter of " + name(), *parameter, numbers));
    if (std::find(names.begin(), parameter, *parameter) != parameter)
      throw UsageError("parameter '" + *parameter + "' is named twice.");
  }
  parameters_ = std::move(names);
}

std::shared_ptr<const Problem> Problem::at(const std::vector<double>& mu) const {
  if (mu.size() != parameters_.size())
    throw UsageError("mu = " + tuple_text(mu) + ", expected " + expected_numbers(parameters_) + ".");
  if (mu.size() == 1) return {std::shared_ptr<const Problem>(), this};
  auto here = clone();
  OptionSet set;
  here->bind(set);
  for (std::size_t i = 1; i < mu.size(); ++i) set.set(parameters_[i], number_text(mu[i]));
  here->parameters_ = {kMainParameter};
  return here;
}

std::vector<float> Problem::initial(const InitialRequest& request) const {
  struct FirstFrame : FrameSink {
    std::vector<float> values;
    void begin(const data::DatasetHeader& /*header*/) override {}
    void write_frame(std::int64_t /*mu_index*/, std::int64_t /*frame*/, std::span<const float> samples,
                     std::span<const float> /*velocities*/) override {
      values.assign(samples.begin(), samples.end());
    }
  } sink;
  GenerateOptions options;
  options.mu = {request.mu};
  options.particles = request.particles;
  options.frames = 1;
  options.seed = request.seed;
  options.velocities = false;
  options.numbers_of = request.numbers_of;
  generate(options, sink, {});
  return std::move(sink.values);
}

double Problem::electric_energy(std::span<const float>, const std::vector<double>&) const {
  throw Error("problem '" + name() + "' has no electric field.");
}

void bind(OptionSet& set, GenerateOptions& options) {
  set.add("generate.mu", options.mu,
          "values of the physics parameter, a list, or tuples of several; empty: the problem's training values");
  set.add("generate.parameters", options.parameters,
          "names of several parameters, as in \"mu, perturbation.amplitude\": mu, then option keys of the problem that "
          "are numbers; empty: mu alone");
  set.add("generate.particles", options.particles, at_least(1), "stored particles per frame");
  set.add(
      "generate.frames", options.frames, at_least(0),
      "stored times, equally spaced, both ends included; 1: the initial populations alone; 0: the problem's default");
  set.add("generate.velocities", options.velocities, "also store time derivatives of the samples");
  set.add("generate.checkpoint_interval", options.checkpoint_interval, at_least(0),
          "seconds between the states that a killed run leaves for --resume; 0: only when interrupted");
}

void generate_dataset(const Problem& problem, const GenerateOptions& options, const std::string& path,
                      const ProgressObserver& observer) {
  DatasetSink sink(path);
  problem.generate(options, sink, observer);
}

std::int64_t independent_seed(std::int64_t seed, std::uint64_t stream, std::uint64_t index) {
  const auto words = Philox(static_cast<std::uint64_t>(seed), stream).words(index);
  return static_cast<std::int64_t>(words[0] >> 1) + 1000000;
}

std::uint64_t random_stream(const GenerateOptions& options, const std::vector<double>& mu) {
  const auto& numbers_of = options.numbers_of.empty() ? mu : options.numbers_of;
  auto stream = std::bit_cast<std::uint64_t>(numbers_of.at(0));
  for (std::size_t i = 1; i < numbers_of.size(); ++i) {
    const auto words = Philox(stream, std::bit_cast<std::uint64_t>(numbers_of[i])).words(i);
    stream = (static_cast<std::uint64_t>(words[0]) << 32) | words[1];
  }
  return stream;
}

GenerateOptions with_defaults(GenerateOptions options, const Problem& problem) {
  if (options.mu.empty()) {
    if (problem.parameters().size() > 1)
      throw UsageError("--mu needs values of the parameters " + comma_joined(problem.parameters()) + ".");
    for (const double value : problem.training_mu()) options.mu.push_back({value});
  }
  if (options.frames == 0) options.frames = problem.default_frames();
  return options;
}

GenerateOptions resolved(GenerateOptions options, Problem& problem) {
  if (const auto names = comma_separated(options.parameters); !names.empty()) problem.use_parameters(names);
  options = with_defaults(options, problem);
  for (const auto& mu : options.mu)
    if (mu.size() != problem.parameters().size())
      throw UsageError("mu = " + tuple_text(mu) + ", the problem has " + expected_numbers(problem.parameters()) +
                       ". Several are named, as in --mu mu=1.2,1.3 --mu perturbation.amplitude=0.02,0.05, or given as "
                       "tuples with their names in generate.parameters.");
  return options;
}

std::vector<std::string> problem_names() {
  std::vector<std::string> names = plasma_case_names();
  for (const auto& problem : kProblems) names.emplace_back(problem.name);
  return names;
}

std::unique_ptr<Problem> make_problem(const std::string& name) {
  if (auto plasma = find_plasma_case(name)) return std::make_unique<PicProblem>(std::move(plasma));
  for (const auto& problem : kProblems)
    if (name == problem.name) return problem.make();
  throw UsageError(unknown_name_message("problem", name, problem_names()));
}

std::unique_ptr<Problem> problem_of(const data::DatasetHeader& header) {
  const auto& provenance = header.provenance;
  const std::string& text = provenance.source_config.empty() ? provenance.config : provenance.source_config;
  toml::table config;
  try {
    config = toml::parse(text);
  } catch (const toml::parse_error&) {
    return nullptr;  // written by another program
  }
  const auto name = config["problem"].value<std::string>();
  const auto names = problem_names();
  if (!name || std::find(names.begin(), names.end(), *name) == names.end()) return nullptr;
  auto problem = make_problem(*name);
  OptionSet set;
  problem->bind(set);
  set.load_toml(text, "configuration stored in the file", foreign_keys(config, set));
  if (header.mu_names.size() > 1) problem->use_parameters(header.mu_names);
  return problem;
}

bool made_by_a_problem(const data::DatasetHeader& header) {
  if (!header.provenance.source_config.empty()) return false;
  try {
    return problem_of(header) != nullptr;
  } catch (const UsageError&) {  // of another release, whose options this one does not know
    return true;
  }
}

std::vector<std::int64_t> representative_rows(const data::DatasetHeader& header, std::int64_t rows, std::int64_t count,
                                              std::uint64_t seed) {
  if (count < rows && !made_by_a_problem(header)) return random_subset(rows, count, seed);
  std::vector<std::int64_t> first(static_cast<std::size_t>(std::min(rows, count)));
  std::iota(first.begin(), first.end(), std::int64_t{0});
  return first;
}

}  // namespace scorefield::problems
