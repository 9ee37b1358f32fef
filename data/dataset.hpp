#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "data/atomic_file.hpp"
#include "data/charged_box.hpp"
#include "data/density_grid.hpp"
#include "data/frame_table.hpp"
#include "data/h5.hpp"
#include "data/schema.hpp"

namespace scorefield::data {

/// Whether sample i is the same particle at all times of one mu.
enum class Identity { trajectories, marginals };

/// What a dataset or rollout file holds besides the samples. M values of mu, p parameters, K times, N particles, d
/// state.
struct DatasetHeader {
  /// The frames of one mu.
  struct Run {
    std::vector<double> time;             ///< [K], increasing
    std::vector<std::int64_t> particles;  ///< [K]
  };

  Provenance provenance;
  std::vector<std::vector<double>> mu;  ///< [M][p]
  std::vector<std::string> mu_names;    ///< [p]
  std::vector<double> time;             ///< [K], increasing, of all mu
  std::string time_units;
  std::int64_t particles = 0;            ///< N, of all frames
  std::vector<std::string> coordinates;  ///< [d], e.g. {"x", "v"}
  std::vector<std::string> units;        ///< [d]
  std::vector<double> periods;           ///< [d], 0 = not periodic
  Identity identity = Identity::trajectories;
  bool has_velocities = false;
  /// [d] or empty (none): D_c where d_t rho = -div(rho v) + sum_c D_c d_c^2 rho with v the mean of /velocities at x,
  /// that is what the velocities of particles that also diffuse leave out; squares of `units` per unit of time.
  std::vector<double> diffusion{};
  std::optional<ChargedBox> field{};     ///< imported plasmas: what their electric field follows from
  bool has_weights = false;              ///< particles stand for different numbers of real ones
  bool has_id = false;                   ///< particles have names
  std::optional<DensityGrid> density{};  ///< where the density is stored as a function; dense layout only
  bool double_precision = false;         ///< samples, velocities and weights are float64 in the file
  /// [L][p] of the runs that were there and were left out: of a reader, of the model trained without them, of its
  /// rollouts. What is predicted there was not seen in training.
  std::vector<std::vector<double>> left_out{};
  /// Of a reader and of the model trained from it: particles that the file follows were taken for others at every time.
  bool identity_ignored = false;
  /// Rollouts: which observables of the training runs held the population, "moments" or "modes"; empty: none.
  std::string guide{};
  /// [M] where frames differ in their number of particles, or the mu in their times (layout "frames"): instead of
  /// `time` and `particles`, which are then empty and 0. Else empty.
  std::vector<Run> runs{};

  [[nodiscard]] std::int64_t mu_count() const { return static_cast<std::int64_t>(mu.size()); }
  [[nodiscard]] std::int64_t frames() const { return static_cast<std::int64_t>(time.size()); }
  [[nodiscard]] std::int64_t dimension() const { return static_cast<std::int64_t>(coordinates.size()); }
  /// Values in one frame, N * d.
  [[nodiscard]] std::int64_t frame_size() const { return particles * dimension(); }

  // In either layout:
  [[nodiscard]] bool ragged() const { return !runs.empty(); }
  [[nodiscard]] const std::vector<double>& times(std::int64_t mu_index) const {
    return ragged() ? runs.at(static_cast<std::size_t>(mu_index)).time : time;
  }
  [[nodiscard]] std::int64_t particles_at(std::int64_t mu_index, std::int64_t frame) const {
    return ragged() ? runs.at(static_cast<std::size_t>(mu_index)).particles.at(static_cast<std::size_t>(frame))
                    : particles;
  }
  /// The fewest times that a mu has.
  [[nodiscard]] std::int64_t least_frames() const;
  /// Whether a particle of one time can be found at the others: in the same row, or by its id.
  [[nodiscard]] bool follows() const { return identity == Identity::trajectories || has_id; }
  /// The same where it is the id alone that tells: frames that differ have rows of their own.
  [[nodiscard]] bool follows_by_id() const { return ragged() && has_id; }
};

/// "trajectories" or "marginals", as in the attribute `identity`; "ignored" where a reader ignores that particles are
/// followed.
[[nodiscard]] std::string identity_word(const DatasetHeader& header);

/// The times of all mu together, increasing; those that are equal up to rounding (1e-9 of the span) are one.
[[nodiscard]] std::vector<double> all_times(const DatasetHeader& header);
/// The same of any times.
[[nodiscard]] std::vector<double> merged_times(std::vector<double> all);

/// Index of the mu nearest to `mu`, and the one that equals it if there is any (data/mu_set.hpp). @throws UsageError
/// unless `mu` has as many values
[[nodiscard]] std::int64_t nearest_mu(const DatasetHeader& header, const std::vector<double>& mu);
[[nodiscard]] std::optional<std::int64_t> find_mu(const DatasetHeader& header, const std::vector<double>& mu);

/// One cloud of particles. n particles, d coordinates; row-major. What the dataset lacks is empty.
struct ParticleFrame {
  std::vector<float> samples{};     ///< [n, d]
  std::vector<float> velocities{};  ///< [n, d]
  std::vector<float> weights{};     ///< [n], how many real particles each stands for, not normalised
  std::vector<std::int64_t> id{};   ///< [n]
};

/// Per-step histories of a generator: name -> values, [M, D] or [M, D, m] row-major.
struct Diagnostics {
  std::vector<double> time;  ///< [D]
  struct Series {
    h5::Dims shape{};  ///< {M, D} or {M, D, m}
    std::vector<double> values{};
    std::string description{}, units{};  ///< empty: not said
  };
  std::map<std::string, Series> series;
};

/// Writes a dataset or rollout frame by frame; at no time is more than one frame in memory. The file appears
/// when commit() returns and not before. Samples are stored as float32, chunked per (mu, time) where frames are alike.
class DatasetWriter {
 public:
  DatasetWriter(const std::string& path, DatasetHeader header);

  /// samples and velocities: [n, d] row-major; weights and id: [n]. Each of the last three is empty exactly when the
  /// header has none. Where all frames are alike, ids are those of the run's first frame that was written.
  /// @throws FileError with (mu, time) when a value is not finite or a weight negative: no such file is ever written.
  void write_frame(std::int64_t mu_index, std::int64_t frame, std::span<const float> samples,
                   std::span<const float> velocities = {}, std::span<const float> weights = {},
                   std::span<const std::int64_t> id = {});
  void write_frame(std::int64_t mu_index, std::int64_t frame, std::span<const double> samples,
                   std::span<const double> velocities, std::span<const double> weights,
                   std::span<const std::int64_t> id = {});

  /// Adds /log_density [M, K, N]; `initial` says where the values at the first time come from. Before the first of its
  /// frames.
  void add_log_density(const std::string& initial);
  /// values: [N], log rho at the samples of the frame, per unit volume of the coordinates.
  void write_log_density(std::int64_t mu_index, std::int64_t frame, std::span<const float> values);
  /// values: [G], the density at the nodes of the header's grid, per unit volume of the coordinates.
  void write_density(std::int64_t mu_index, std::int64_t frame, std::span<const float> values);
  void write_diagnostics(const Diagnostics& diagnostics);

  /// Copies the frames written so far to a file of a stopped generator, and back from one into a new writer with the
  /// same header. Samples, velocities and densities only. @throws FileError if the file's frames are not of this shape
  void save_frames(h5::File& checkpoint) const;
  void restore_frames(const h5::File& checkpoint);

  /// Checks that every frame was written, closes, and renames into place.
  void commit();

  [[nodiscard]] const DatasetHeader& header() const { return header_; }

 private:
  void write_header();
  void create_arrays();
  void create_array(const std::string& name, std::int64_t width);
  template <class T>
  struct Arrays {
    std::span<const T> samples, velocities, weights;
  };
  template <class T>
  void write_arrays(std::int64_t mu_index, std::int64_t frame, const Arrays<T>& arrays,
                    std::span<const std::int64_t> id);
  void write_id(std::int64_t mu_index, std::int64_t frame, std::span<const std::int64_t> id);

  DatasetHeader header_;
  FrameTable table_;
  AtomicFile destination_;
  h5::File file_;
  std::vector<bool> written_;                              ///< [F]
  std::int64_t densities_ = 0;                             ///< frames whose density was written
  std::map<std::int64_t, std::vector<std::int64_t>> ids_;  ///< by mu, where all frames are alike
};

/// Which layouts a reader of datasets is prepared for: frames that are all alike, or frames that differ as well.
enum class Layouts { dense, any };

/// Reads a dataset or rollout frame by frame.
class DatasetReader {
 public:
  /// Opens and validates everything but the samples' values: format, version, shapes, lengths, increasing times.
  /// @throws FileError
  explicit DatasetReader(const std::string& path, Layouts layouts = Layouts::dense);

  /// From now on as if the runs at these mu, [L][p], were not in the file; indices of mu are those of the others.
  /// @throws UsageError where a mu is not among the runs, or none is left
  void leave_out(const std::vector<std::vector<double>>& mu);

  /// From now on as if the frames were snapshots: neither rows nor ids tell which particle is which.
  void ignore_identity();

  [[nodiscard]] const std::string& path() const { return file_.path(); }
  [[nodiscard]] const DatasetHeader& header() const { return header_; }

  /// One frame, [n, d]. @throws FileError naming (mu, time, particle) if a value is not finite.
  void read_samples(std::int64_t mu_index, std::int64_t frame, std::span<float> values) const;
  void read_velocities(std::int64_t mu_index, std::int64_t frame, std::span<float> values) const;
  void read_samples(std::int64_t mu_index, std::int64_t frame, std::span<double> values) const;
  void read_velocities(std::int64_t mu_index, std::int64_t frame, std::span<double> values) const;
  void read_weights(std::int64_t mu_index, std::int64_t frame, std::span<double> values) const;
  /// [n] @throws FileError also where the file has none
  void read_weights(std::int64_t mu_index, std::int64_t frame, std::span<float> values) const;
  void read_id(std::int64_t mu_index, std::int64_t frame, std::span<std::int64_t> values) const;
  /// values: [G], of files with a density.
  void read_density(std::int64_t mu_index, std::int64_t frame, std::span<float> values) const;
  /// All of the above that particles have.
  [[nodiscard]] ParticleFrame read_frame(std::int64_t mu_index, std::int64_t frame) const;

  [[nodiscard]] std::optional<Diagnostics> read_diagnostics() const;

  [[nodiscard]] std::int64_t nearest_mu(const std::vector<double>& mu) const { return data::nearest_mu(header_, mu); }
  [[nodiscard]] std::optional<std::int64_t> find_mu(const std::vector<double>& mu) const {
    return data::find_mu(header_, mu);
  }

 private:
  template <class T>
  void read_values(const char* name, std::int64_t mu_index, std::int64_t frame, std::int64_t width,
                   std::span<T> values) const;
  /// Index in the file; of none there -1, which the table of frames refuses.
  [[nodiscard]] std::int64_t stored(std::int64_t mu_index) const {
    return mu_index < 0 || mu_index >= std::ssize(stored_) ? -1 : stored_[static_cast<std::size_t>(mu_index)];
  }

  h5::File file_;
  DatasetHeader header_;
  FrameTable table_;                  ///< of the file
  std::vector<std::int64_t> stored_;  ///< [M] index of each mu in the file
};

}  // namespace scorefield::data
