#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "data/import/run_files.hpp"
#include "data/import/source.hpp"

namespace scorefield::data {

/// Names of arrays in a foreign file, for formats whose arrays have whatever name they were given. Samples and
/// velocities may be lists, "x, v", whose arrays are coordinates; `%T` in a name stands for the number of a time.
struct ArrayNames {
  std::string samples = "samples", velocities = "velocities", time = "time", mu = "mu", weights = "weights", id = "id";
};

/// A kind of foreign file. One file each; a line in formats.cpp makes `import` read it.
class ImportFormat {
 public:
  virtual ~ImportFormat() = default;
  [[nodiscard]] virtual std::string name() const = 0;     ///< "npz"
  [[nodiscard]] virtual std::string summary() const = 0;  ///< one line for `import --help`
  /// Adds options that this format alone has, under import.NAME.
  virtual void bind(OptionSet& /*set*/) {}
  /// Whether the file is of this kind; `start` has its first bytes, up to 16, none where it cannot be read.
  [[nodiscard]] virtual bool recognises(const std::string& path, const std::string& start) const = 0;
  /// The sources in the files of some runs, all of this kind and in the order given; several may make up one source.
  /// @throws FileError for files that do not fit
  [[nodiscard]] virtual std::vector<std::unique_ptr<ImportSource>> open(const std::vector<RunFiles>& runs,
                                                                        const ArrayNames& names) const = 0;
};

/// Defined in define_format.hpp.
template <class Format>
std::unique_ptr<ImportFormat> make_format();

/// All formats; the first that recognises a file reads it.
[[nodiscard]] std::vector<std::unique_ptr<ImportFormat>> make_import_formats();

}  // namespace scorefield::data
