#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.hpp"

namespace scorefield::data {

/// One cloud of particles. n particles, d coordinates; row-major. A particle whose samples are not finite is lost.
struct ImportFrame {
  std::vector<double> samples;     ///< [n, d]
  std::vector<double> velocities;  ///< [n, d], time derivatives of the samples; empty: none
  std::vector<double> weights;     ///< [n], how many real particles each stands for; empty: one each
  std::vector<std::int64_t> id{};  ///< [n], names of the particles; empty: they have none
};

/// One value of mu: its frames, without their particles.
struct ImportRun {
  std::string origin;                   ///< the file, for messages
  std::vector<double> mu;               ///< [p]; empty: the file does not say
  std::vector<double> time;             ///< [K]; empty: the file does not say
  std::vector<double> steps{};          ///< [K], numbers that the times are proportional to; empty: equal steps
  std::vector<std::int64_t> particles;  ///< [K], how many at each time
  std::vector<double> periods{};        ///< [d], 0 = not periodic; empty: the file does not say
};

/// What holds for all runs of a source. Empty: the file does not say.
struct ImportSpace {
  std::int64_t dimension = 0;  ///< d
  std::vector<std::string> mu_names{};
  std::vector<std::string> coordinates{}, units{};  ///< [d]
  std::string time_units{};
  std::optional<Identity> identity{};  ///< trajectories only where row n of every frame is the same particle
  bool has_velocities = false, has_weights = false, has_id = false;
  std::optional<double> charge{};    ///< of a real particle, where all have the same
  double permittivity = 1;           ///< of the vacuum in the units of charge and length
  std::vector<std::string> notes{};  ///< what was chosen for the user, a sentence each
};

/// Particles in foreign files, as `import` wants them: what there is first, then a frame at a time, in the order of
/// runs and times. A source holds no more than one frame in memory.
class ImportSource {
 public:
  virtual ~ImportSource() = default;
  [[nodiscard]] const ImportSpace& space() const { return space_; }
  [[nodiscard]] const std::vector<ImportRun>& runs() const { return runs_; }
  /// Frame `frame` of run `run`; has velocities, weights and ids exactly where space() says so. @throws FileError
  [[nodiscard]] virtual ImportFrame read(std::int64_t run, std::int64_t frame) const = 0;
  /// A number of the run that the files hold by this name, as an array or an attribute.
  [[nodiscard]] virtual std::optional<double> number(std::int64_t run, const std::string& name) const;
  /// Histories that the file has recorded beside the particles, with M = 1. `names`: comma-separated NAME or
  /// NAME=ARRAY; those that are not there are left out. `time`: the array of their times.
  [[nodiscard]] virtual std::optional<Diagnostics> read_diagnostics(std::int64_t run, const std::string& names,
                                                                    const std::string& time) const;

 protected:
  ImportSpace space_;
  std::vector<ImportRun> runs_;
};

}  // namespace scorefield::data
