#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/import/import.hpp"

namespace scorefield::data {

/// One run of one source.
struct Run {
  const ImportSource* source;
  std::int64_t index;  ///< in the source

  [[nodiscard]] const ImportRun& facts() const { return source->runs()[static_cast<std::size_t>(index)]; }
  [[nodiscard]] const ImportSpace& space() const { return source->space(); }
  [[nodiscard]] const std::string& origin() const { return facts().origin; }
  [[nodiscard]] std::int64_t frames() const { return static_cast<std::int64_t>(facts().particles.size()); }
  [[nodiscard]] ImportFrame read(std::int64_t frame) const { return source->read(index, frame); }
};

/// The sources of all files, and their runs in the order of the arguments.
struct Runs {
  std::vector<std::unique_ptr<ImportSource>> sources;
  std::vector<Run> all;
};

/// @throws FileError for files of no known format, and for frames that no memory of this machine holds
[[nodiscard]] Runs open_runs(const std::vector<std::string>& files, const ImportOptions& options);

/// Times of a run: its own, else evenly spaced over import.duration (or in proportion to the numbers of its files).
[[nodiscard]] std::vector<double> times_of(const Run& run, const ImportOptions& options);
/// Whether two lists of times are equal up to rounding: to a thousandth of the smallest step.
[[nodiscard]] bool same_times(const std::vector<double>& a, const std::vector<double>& b);

/// Values [M][p] and names [p] of the parameters.
struct Parameters {
  std::vector<std::vector<double>> values;
  std::vector<std::string> names;
};
/// From import.mu_values, the table, the files' names, arrays or attributes, in this order.
/// @throws UsageError if there are none, or too few
[[nodiscard]] Parameters parameters_of(const std::vector<Run>& runs, const ImportOptions& options);

/// Lengths [M][d] that the coordinates of each run are divided by, 1 where they stay as they are, and periods [d] then.
struct Box {
  std::vector<std::vector<double>> lengths;
  std::vector<double> periods;
  bool differs = false;  ///< the files' own periods differ and were divided out
};
[[nodiscard]] Box box_of(const std::vector<Run>& runs, const ImportOptions& options, const Parameters& parameters);

}  // namespace scorefield::data
