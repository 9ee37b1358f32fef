#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "core/progress.hpp"
#include "data/dataset.hpp"
#include "data/problems/exact_potential.hpp"
#include "data/problems/frame_sink.hpp"

namespace scorefield::problems {

/// What every generator is asked for.
struct GenerateOptions {
  std::vector<std::vector<double>> mu;  ///< [M][p]; empty: the problem's training values
  std::string parameters{};  ///< names of the p parameters, comma-separated; empty: mu alone. For `resolved` to read
  std::int64_t particles = 25000;  ///< stored particles N; the command line starts from the problem's default
  std::int64_t frames = 0;  ///< stored times K, equally spaced, both ends included; 1: the initial population alone; 0:
                            ///< the problem's default
  std::int64_t seed = 0;
  bool velocities = true;            ///< store time derivatives where the problem knows them
  double checkpoint_interval = 300;  ///< seconds between checkpoints of a run in progress; 0: only when interrupted
  std::string checkpoint{};          ///< file that a stopped run leaves for `resume`; empty: none. Not an option key
  std::vector<double> numbers_of{};  ///< draw the random numbers of the run at this mu [p]; empty: every mu has its
                                     ///< own. Not an option key
  bool resume = false;               ///< continue from `checkpoint`, bit for bit. Not an option key
  std::string config{};              ///< the resolved configuration that is stored with the data. Not an option key
};

/// A population at the first time.
struct InitialRequest {
  std::vector<double> mu;  ///< [p]
  std::int64_t particles = 0;
  std::int64_t seed = 0;
  std::vector<double> numbers_of{};  ///< as in GenerateOptions
};

inline constexpr const char* kMainParameter = "mu";

/// A high-fidelity system: parameter, initial population, solver, diagnostics. One file per problem.
///
/// A problem has one parameter of its own, mu. Any of its options that are numbers can be further ones
/// (use_parameters): at mu [p] the system is that of a copy whose options have the values mu[1], mu[2], ... and whose
/// own parameter is mu[0] (at).
class Problem {
 public:
  virtual ~Problem() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string summary() const = 0;    ///< one line for `list problems`
  [[nodiscard]] virtual std::string parameter() const = 0;  ///< what mu is, one line
  [[nodiscard]] virtual std::vector<double> training_mu() const = 0;
  [[nodiscard]] virtual std::vector<double> test_mu() const = 0;
  [[nodiscard]] virtual std::int64_t default_frames() const = 0;
  [[nodiscard]] virtual std::int64_t default_particles() const { return 25000; }

  /// A copy with the same options; null: the problem has no further parameters than mu.
  [[nodiscard]] virtual std::unique_ptr<Problem> clone() const { return nullptr; }

  /// Names of the parameters [p], "mu" first and then option keys. @throws UsageError for other names
  void use_parameters(std::vector<std::string> names);
  [[nodiscard]] const std::vector<std::string>& parameters() const { return parameters_; }
  /// The problem with the options that are parameters at their values in mu [p]; with one parameter, this problem
  /// itself. @throws UsageError for values out of range
  [[nodiscard]] std::shared_ptr<const Problem> at(const std::vector<double>& mu) const;

  /// Adds the problem's own options ("pic.cells", "perturbation.amplitude", ...).
  virtual void bind(OptionSet& set) = 0;

  /// Checks every option before anything expensive. @throws UsageError
  virtual void validate(const GenerateOptions& options) const = 0;

  /// Runs the solver at every mu (independent seeds) and streams frames to `sink`. Stops between steps when an
  /// interrupt is requested (throws Interrupted; leaves `options.checkpoint` where the problem can resume).
  virtual void generate(const GenerateOptions& options, FrameSink& sink, const ProgressObserver& observer) const = 0;

  /// [N, d] row-major: the first particles that `generate` would make, but for the rounding of what they feel from each
  /// other. @throws UsageError
  [[nodiscard]] virtual std::vector<float> initial(const InitialRequest& request) const;

  /// Electric energy of given particles at one mu, by the same deposit and solve as the generator; positions are
  /// wrapped. samples: [N, d] row-major, equal weights. Problems without a field throw; ask has_electric_energy().
  [[nodiscard]] virtual bool has_electric_energy() const { return false; }
  [[nodiscard]] virtual double electric_energy(std::span<const float> samples, const std::vector<double>& mu) const;

  /// The density of the initial population at mu [p], at points [n, d] of the coordinates that are stored, with
  /// integral 1: [n]. Absent where it is not known in closed form.
  [[nodiscard]] virtual std::optional<std::vector<double>> initial_density(std::span<const double> /*points*/,
                                                                           const std::vector<double>& /*mu*/) const {
    return std::nullopt;
  }

  /// The potential that moves the population at mu [p], where it is known in closed form; null elsewhere.
  [[nodiscard]] virtual std::unique_ptr<ExactPotential> exact_potential(const std::vector<double>&) const {
    return nullptr;
  }

 private:
  std::vector<std::string> parameters_{kMainParameter};  ///< [p]
};

/// `problem.at(mu)`, of the problem's own type.
template <class Concrete>
[[nodiscard]] std::shared_ptr<const Concrete> problem_at(const Concrete& problem, const std::vector<double>& mu) {
  return std::static_pointer_cast<const Concrete>(problem.at(mu));
}

void bind(OptionSet& set, GenerateOptions& options);

/// Generates a dataset; at `path` there is a whole one or none.
void generate_dataset(const Problem& problem, const GenerateOptions& options, const std::string& path,
                      const ProgressObserver& observer);

/// A seed for one more run beside those that people give seeds to, which are small: a function of (seed, stream,
/// index).
[[nodiscard]] std::int64_t independent_seed(std::int64_t seed, std::uint64_t stream, std::uint64_t index = 0);

/// Which random numbers a run at mu draws: runs of two mu are independent, unless options.numbers_of says otherwise.
[[nodiscard]] std::uint64_t random_stream(const GenerateOptions& options, const std::vector<double>& mu);

/// `options` with the problem's own values where mu is empty or frames is 0.
[[nodiscard]] GenerateOptions with_defaults(GenerateOptions options, const Problem& problem);

/// The same after the problem has been told its parameters, for options as they were read. @throws UsageError for names
/// or tuples that do not fit
[[nodiscard]] GenerateOptions resolved(GenerateOptions options, Problem& problem);

/// Names of all problems, in the order of the documentation.
[[nodiscard]] std::vector<std::string> problem_names();

/// @throws UsageError naming the nearest known problem.
[[nodiscard]] std::unique_ptr<Problem> make_problem(const std::string& name);

/// Whether a generator of this program made a file and nobody chose from it. Its particles lie in no order of space,
/// and its quiet starts are low-discrepancy sequences, whose beginnings are even (every k-th row is not). Files of
/// other codes are sorted by species and cell.
[[nodiscard]] bool made_by_a_problem(const data::DatasetHeader& header);

/// `count` rows of a frame that stand for all of them: the first ones where a problem made the data, elsewhere random
/// ones.
[[nodiscard]] std::vector<std::int64_t> representative_rows(const data::DatasetHeader& header, std::int64_t rows,
                                                            std::int64_t count, std::uint64_t seed);

/// The problem that made a file, or the particles that it was chosen from, with its options, from the stored
/// configuration; null when the file was not
/// made by a known problem (imported data).
[[nodiscard]] std::unique_ptr<Problem> problem_of(const data::DatasetHeader& header);

}  // namespace scorefield::problems
