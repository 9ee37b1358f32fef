#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/h5.hpp"
#include "data/import/openpmd_species.hpp"

namespace scorefield::data::openpmd {

/// One time of a series: where its particles lie.
struct Iteration {
  std::int64_t number = 0;        ///< %T
  std::size_t file = 0;           ///< index into Series::paths()
  std::string group;              ///< e.g. "/data/100"
  std::optional<double> seconds;  ///< attribute time * timeUnitSI
};

/// The iterations of one run, in one file (group-based, variable-based with one iteration) or in many (file-based).
/// Base paths: /data/%T/ or any other with %T, and those without, which hold one iteration. One file is open at a time.
class Series {
 public:
  /// @throws FileError if a file is not openPMD, holds no iterations, or an iteration comes twice
  explicit Series(std::vector<std::string> paths);

  [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }
  /// In increasing order of their number.
  [[nodiscard]] const std::vector<Iteration>& iterations() const { return iterations_; }
  /// Names of the species of an iteration; {""} where the particles' group itself is one (extension BeamPhysics).
  [[nodiscard]] std::vector<std::string> species_names(std::size_t iteration) const;
  /// Valid until another iteration is asked for. @throws FileError if it is not there
  [[nodiscard]] Species species(std::size_t iteration, const std::string& name) const;
  /// The extension's word for what the particles are ("electron"), of a species or of the particles' group.
  [[nodiscard]] std::string species_type(std::size_t iteration, const std::string& name) const;
  /// A number that the file keeps as an attribute of its root or of the iteration.
  [[nodiscard]] std::optional<double> attribute(std::size_t iteration, const std::string& name) const;
  /// "s", or what `scorefield export` has noted.
  [[nodiscard]] std::string time_unit(std::size_t iteration) const;
  /// Lengths of the box, in metres, along the axes of `position` where a mesh says that fields are periodic there;
  /// 0 elsewhere.
  [[nodiscard]] double period(std::size_t iteration, const std::string& axis) const;

 private:
  [[nodiscard]] const h5::File& file(std::size_t iteration) const;
  [[nodiscard]] std::string below(std::size_t iteration, const char* attribute) const;
  void list_iterations(std::size_t file);

  std::vector<std::string> paths_;
  std::vector<Iteration> iterations_;
  mutable std::unique_ptr<h5::File> open_;
  mutable std::size_t open_index_ = 0;
};

/// Whether an HDF5 file says that it is openPMD.
[[nodiscard]] bool is_openpmd(const std::string& path);

/// Files that are iterations of one run (iterationEncoding fileBased, same folder and same name but for its last
/// number) belong together; every other file is a run of its own. Order: that of the first file of each.
[[nodiscard]] std::vector<std::vector<std::string>> runs_of_files(const std::vector<std::string>& paths);

}  // namespace scorefield::data::openpmd
