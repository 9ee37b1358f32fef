#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/options.hpp"
#include "data/dataset.hpp"
#include "data/import/format.hpp"

namespace scorefield::data {

/// What `import` takes sample n at two times for.
enum class ImportIdentity {
  automatic,    ///< trajectories where every frame has the same ids, else marginals
  marginals,    ///< no particle is followed
  trajectories  ///< one particle: the one of the same id, or of the same row where there are no ids
};

/// Which particles `import` takes.
enum class ImportParticles {
  all,   ///< every one with its weight and id: frames may differ in number, runs in their times (layout "frames")
  equal  ///< as many of each frame, of equal weight, and the same times for all runs
};

/// In which order `import` writes particles.
enum class ImportOrder {
  automatic,  ///< permuted where the files' order says something: cells, species
  permuted,   ///< by the seed
  kept        ///< the files'
};

/// How foreign files become a dataset. What is said here goes before what the files say. The runs of several files
/// follow one another.
struct ImportOptions {
  ArrayNames names;
  std::vector<double> mu_values;  ///< p numbers per run; empty: the table's, else the files'
  std::string mu_table;           ///< CSV with a header: a row per run, or a column `file` that tells which
  std::string mu_name;            ///< comma-separated; empty: the files', else mu or mu1, mu2, ...
  double duration = 1;            ///< last time where the files have none: frames are evenly spaced from 0
  std::string time_units, coordinates, units;  ///< empty: the files', else 1; x1, x2, ...; 1
  std::vector<double> periods;                 ///< empty: the files', else not periodic
  std::string box;                             ///< a word per coordinate: 0, a length, or the name of one in the files
  ImportIdentity identity = ImportIdentity::automatic;
  ImportOrder order = ImportOrder::automatic;
  ImportParticles particles = ImportParticles::all;
  double charge = 0;        ///< of a real particle; 0: the files', where they know it
  double density = 0;       ///< mean number of real particles per length^s of the periodic positions; 0: by the weights
  double permittivity = 0;  ///< eps_0; 0: that of SI units for openPMD, else 1
  std::string diagnostics = "electric_energy, kinetic_energy, momentum";
  std::string diagnostics_time = "diagnostics_time";
  std::vector<std::unique_ptr<ImportFormat>> formats = make_import_formats();  ///< with options of their own
};

/// Keys import.*
void bind(OptionSet& set, ImportOptions& options);

struct ImportResult {
  DatasetHeader header;
  std::vector<std::string> notes;     ///< what was chosen or left out, a sentence each
  std::vector<std::string> warnings;  ///< what may be wrong with the result
};

/// Reads foreign files (data/import/format.hpp; patterns: data/import/run_files.hpp) frame by frame and writes a
/// dataset. Particles that lie in some order, by cell or species, are permuted by provenance.seed, once for the
/// trajectories of a run, anew for each frame of marginals: their order means nothing. Particles that are not finite
/// are left out.
/// @throws FileError for files that do not fit, UsageError for options that do not
[[nodiscard]] ImportResult import_files(const std::vector<std::string>& files, const ImportOptions& options,
                                        const Provenance& provenance, const std::string& output);

}  // namespace scorefield::data
