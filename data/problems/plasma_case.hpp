#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "data/dataset.hpp"
#include "solvers/pic/loading.hpp"
#include "solvers/pic/options.hpp"

namespace scorefield::problems {

/// v -> v (1 + amplitude cos(2 pi m x / L)).
struct PerturbationOptions {
  std::string mode = "1";  ///< the number of waves m in the box, or "reference": m = mu, as in arXiv 2410.12000
  double amplitude = 0.05;
};

/// f = M(v) (1 + alpha cos k x) in a box of length 2 pi / k. One of the two is mu, the other one an option.
enum class LandauParameter { alpha, k };
struct LandauOptions {
  LandauParameter parameter = LandauParameter::alpha;
  double alpha = 0.01;  ///< when k is the parameter: weak, so that the damping is linear
  double k = 0.5;       ///< when alpha is the parameter
};

/// Two equal beams that stream through each other.
struct BeamsOptions {
  double speed = 3;          ///< mean velocities are -speed and speed
  double thermal_speed = 1;  ///< deviation around them
};

/// Two beams under a density wave 1 + amplitude cos k x (two_stream_wave.hpp).
struct WaveOptions {
  double k = 1;
  double amplitude = 0.1;
  double speed = 2;                       ///< mean velocities are -speed and speed
  double density = 16;                    ///< N
  double box_length = 6.283185307179586;  ///< 2 pi
};

/// What the 1D1V cases can be told. A case reads what belongs to it.
struct PlasmaOptions {
  double box_length = 50;
  PerturbationOptions perturbation;
  BeamsOptions beams;
  double diffusion = -1;  ///< eta of d_t f + ... = eta d_vv f; below 0: the case's own
  LandauOptions landau;
  WaveOptions wave;
};

/// One initial-value problem: what starts, in which box, under which equations (solvers/pic/README.md).
struct PlasmaSetup {
  pic::Population population;
  double box_length = 0;
  double mu = 1;         ///< of Poisson's equation, mu^2 phi'' = n - 1
  double diffusion = 0;  ///< eta
  /// Stored positions and their unit: x / position_unit. The box of a case whose length depends on the parameter is the
  /// unit itself, so that all runs of a file share one period.
  double position_unit = 1;
};

/// A family of 1D1V initial-value problems over one parameter, for any solver. Cases are stateless.
class PlasmaCase {
 public:
  virtual ~PlasmaCase() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string system() const = 0;  ///< one line, without the solver
  [[nodiscard]] virtual std::string parameter(const PlasmaOptions& options) const = 0;
  [[nodiscard]] virtual std::vector<double> training_mu(const PlasmaOptions& options) const = 0;
  [[nodiscard]] virtual std::vector<double> test_mu(const PlasmaOptions& options) const = 0;
  /// Defaults where they are not those of PlasmaOptions.
  [[nodiscard]] virtual PlasmaOptions plasma_options() const { return {}; }
  /// The particle solver's defaults where they are not those of pic::PicOptions.
  [[nodiscard]] virtual pic::PicOptions pic_options() const { return {}; }

  /// Adds the keys that the case reads; the box belongs to the table of the solver ("pic", "vlasov").
  virtual void bind(OptionSet& set, PlasmaOptions& options, const std::string& solver) const = 0;
  /// @throws UsageError naming the key
  virtual void validate(const PlasmaOptions& options) const = 0;
  /// @throws UsageError when `mu` is not a value of the parameter
  [[nodiscard]] virtual PlasmaSetup setup(const PlasmaOptions& options, double mu) const = 0;
};

/// The cases of a box of given length and two perturbed beams: two-stream, bump-on-tail. mu is Poisson's.
class BeamCase : public PlasmaCase {
 public:
  [[nodiscard]] std::string parameter(const PlasmaOptions& options) const override;
  [[nodiscard]] PlasmaOptions plasma_options() const override;
  void bind(OptionSet& set, PlasmaOptions& options, const std::string& solver) const override;
  void validate(const PlasmaOptions& options) const override;
  [[nodiscard]] PlasmaSetup setup(const PlasmaOptions& options, double mu) const override;

  [[nodiscard]] virtual std::vector<pic::Beam> beams(const PlasmaOptions& options) const = 0;
  [[nodiscard]] virtual double own_diffusion() const { return 0; }
};

void bind(OptionSet& set, PerturbationOptions& options);
void bind(OptionSet& set, BeamsOptions& options);
void bind(OptionSet& set, LandauOptions& options);
void bind(OptionSet& set, WaveOptions& options);
void bind_diffusion(OptionSet& set, PlasmaOptions& options);
void bind_box(OptionSet& set, PlasmaOptions& options, const std::string& solver);

/// Names, units and periods of (x, v) as files store them.
void set_plasma_coordinates(data::DatasetHeader& header, const PlasmaSetup& setup);

/// f of the initial population at points [n, 2] as files store them, [n], with integral 1.
[[nodiscard]] std::vector<double> initial_density(const PlasmaSetup& setup, std::span<const double> points);

/// Electric energy of stored samples [N, 2] at one mu, with the grid and shape of `options`.
[[nodiscard]] double particle_energy(const PlasmaCase& plasma, const PlasmaOptions& plasma_options,
                                     pic::PicOptions options, std::span<const float> samples, double mu);

}  // namespace scorefield::problems
