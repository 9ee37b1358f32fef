#include "data/import/runs.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "core/error.hpp"
#include "core/parameter_list.hpp"
#include "core/require.hpp"
#include "core/text.hpp"

namespace scorefield::data {
namespace {

const ImportFormat& format_of(const std::string& path, const ImportOptions& options) {
  std::string start(16, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(file.gcount()));
  for (const auto& format : options.formats)
    if (format->recognises(path, start)) return *format;
  throw FileError(path, "is of no format that can be imported.");
}

/// Bytes that this process can have at all.
double memory_limit() {
  double bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    bytes = std::min(bytes, static_cast<double>(limit.rlim_cur));
  return bytes;
}

void check_memory(const Run& run) {
  const std::int64_t most = *std::max_element(run.facts().particles.begin(), run.facts().particles.end());
  const double bytes = 2.0 * sizeof(double) * static_cast<double>(most) * static_cast<double>(run.space().dimension);
  if (bytes <= memory_limit()) return;
  std::ostringstream message;
  message.precision(3);
  message << "claims frames of " << most << " particles, which need " << bytes / 1e9
          << " GB of memory each; this process can have " << memory_limit() / 1e9
          << " GB. If that is right, import a part of the particles.";
  throw FileError(run.origin(), message.str());
}

bool ends_with_path(const std::string& path, const std::string& end) {
  return path.ends_with(end) && (path.size() == end.size() || path[path.size() - end.size() - 1] == '/');
}

Parameters from_table(const std::vector<Run>& runs, const std::string& path) {
  const ParameterList table = read_parameter_table(path);
  Parameters parameters{{}, table.names};
  if (table.files.empty()) {
    require(table.rows.size() == runs.size(), "number of rows in " + path, table.rows.size(),
            std::to_string(runs.size()) + ", one per run in the files");
    parameters.values = table.rows;
    return parameters;
  }
  for (const Run& run : runs) {
    std::size_t row = 0;
    while (row < table.files.size() && !ends_with_path(run.origin(), table.files[row])) ++row;
    if (row == table.files.size()) throw FileError(path, "has no row for the file " + run.origin() + ".");
    parameters.values.push_back(table.rows[row]);
  }
  return parameters;
}

/// p numbers per run, as many as there are names; one without names.
Parameters from_list(const std::vector<Run>& runs, const ImportOptions& options) {
  const auto names = comma_separated(options.mu_name);
  const std::size_t m = runs.size(), p = names.empty() ? 1 : names.size();
  const auto& list = options.mu_values;
  require(list.size() == m * p, "number of import.mu_values", list.size(),
          std::to_string(m * p) + ", " + std::to_string(p) +
              " per mu in the files (numbers have decimal points: 1.55, not 1,55)");
  Parameters parameters;
  for (auto row = list.begin(); row != list.end(); row += static_cast<std::ptrdiff_t>(p))
    parameters.values.emplace_back(row, row + static_cast<std::ptrdiff_t>(p));
  return parameters;
}

/// Each run's own, or the numbers that its file has under the names of import.mu.
Parameters from_files(const std::vector<Run>& runs, const ImportOptions& options) {
  Parameters parameters{{}, runs[0].space().mu_names};
  const auto names = comma_separated(options.names.mu);
  for (const Run& run : runs) {
    auto mu = run.facts().mu;
    if (mu.empty()) {
      for (const auto& name : names)
        if (const auto value = run.source->number(run.index, name)) mu.push_back(*value);
      if (mu.size() == names.size() && options.names.mu != ArrayNames{}.mu) parameters.names = names;
    }
    if (mu.empty())
      throw UsageError(run.origin() + " does not say its mu (no array or attribute '" + options.names.mu +
                       "'): give --mu, one number per mu (" + std::to_string(runs.size()) +
                       "), --mu @TABLE.csv, or its place in the files' names, \"run_{mu}.h5\".");
    parameters.values.push_back(std::move(mu));
    if (parameters.values.back().size() != parameters.values.front().size())
      throw FileError(run.origin(), "has " + std::to_string(parameters.values.back().size()) + " parameters, " +
                                        runs[0].origin() + " has " + std::to_string(parameters.values.front().size()) +
                                        ".");
  }
  return parameters;
}

/// A number, or what the run or its parameters call so.
double length_of(const Run& run, const std::string& word, const Parameters& parameters, std::size_t m) {
  for (std::size_t i = 0; i < parameters.names.size(); ++i)
    if (parameters.names[i] == word) return parameters.values[m][i];
  if (const auto value = run.source->number(run.index, word)) return *value;
  try {
    std::size_t used = 0;
    const double value = std::stod(word, &used);
    if (used == word.size()) return value;
  } catch (const std::exception&) {
  }
  throw UsageError("option 'import.box': '" + word +
                   "' is neither a number, nor a parameter, nor an array or attribute "
                   "of " +
                   run.origin() + ".");
}

}  // namespace

Runs open_runs(const std::vector<std::string>& files, const ImportOptions& options) {
  Runs runs;
  const auto found = find_runs(files);
  for (std::size_t i = 0; i < found.size();) {  // neighbours of one format are opened together
    const ImportFormat& format = format_of(found[i].paths.front(), options);
    std::vector<RunFiles> group;
    for (; i < found.size() && &format_of(found[i].paths.front(), options) == &format; ++i) group.push_back(found[i]);
    for (auto& source : format.open(group, options.names)) runs.sources.push_back(std::move(source));
  }
  for (const auto& source : runs.sources)
    for (std::size_t i = 0; i < source->runs().size(); ++i) {
      runs.all.push_back({source.get(), static_cast<std::int64_t>(i)});
      check_memory(runs.all.back());
    }
  return runs;
}

std::vector<double> times_of(const Run& run, const ImportOptions& options) {
  const auto& facts = run.facts();
  if (!facts.time.empty()) return facts.time;
  std::vector<double> times = facts.steps;
  if (times.empty())
    for (std::int64_t k = 0; k < run.frames(); ++k) times.push_back(static_cast<double>(k));
  const double first = times.front(), span = times.back() - first;
  for (double& time : times) time = span > 0 ? options.duration * (time - first) / span : 0;
  return times;
}

bool same_times(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  double step = std::numeric_limits<double>::infinity();
  for (std::size_t k = 1; k < a.size(); ++k) step = std::min(step, std::abs(a[k] - a[k - 1]));
  if (a.size() == 1) step = std::abs(a[0]);
  for (std::size_t k = 0; k < a.size(); ++k)
    if (std::abs(a[k] - b[k]) > 1e-3 * step) return false;
  return true;
}

Parameters parameters_of(const std::vector<Run>& runs, const ImportOptions& options) {
  Parameters parameters;
  if (!options.mu_values.empty()) parameters = from_list(runs, options);
  else if (!options.mu_table.empty()) parameters = from_table(runs, options.mu_table);
  else parameters = from_files(runs, options);
  if (const auto names = comma_separated(options.mu_name); !names.empty()) parameters.names = names;
  const std::size_t p = parameters.values[0].size();
  if (parameters.names.empty())
    for (std::size_t i = 1; i <= p; ++i) parameters.names.push_back(p == 1 ? "mu" : "mu" + std::to_string(i));
  require(parameters.names.size() == p, "number of words in option 'import.mu_name'", parameters.names.size(),
          std::to_string(p) + ", one each");
  return parameters;
}

Box box_of(const std::vector<Run>& runs, const ImportOptions& options, const Parameters& parameters) {
  const auto d = static_cast<std::size_t>(runs[0].space().dimension);
  Box box{std::vector<std::vector<double>>(runs.size(), std::vector<double>(d, 1)), std::vector<double>(d)};
  const auto words = comma_separated(options.box);
  require(words.empty() || words.size() == d, "number of words in option 'import.box'", words.size(),
          std::to_string(d) + ", one per coordinate (0: not periodic)");
  for (std::size_t c = 0; c < words.size(); ++c)
    for (std::size_t m = 0; m < runs.size(); ++m) {
      const double length = length_of(runs[m], words[c], parameters, m);
      require(std::isfinite(length) && length >= 0, "option 'import.box': length of " + words[c], length,
              "a number above 0, or 0 for a coordinate that is not periodic");
      if (length == 0) continue;
      box.lengths[m][c] = length;
      box.periods[c] = 1;
    }
  if (!words.empty()) return box;
  require(options.periods.empty() || options.periods.size() == d, "number of import.periods", options.periods.size(),
          std::to_string(d) + ", one per coordinate (0: not periodic)");
  const auto& first = runs[0].facts().periods;
  for (const Run& run : runs) box.differs = box.differs || run.facts().periods != first;
  if (!options.periods.empty()) box.periods = options.periods;
  else if (!box.differs && !first.empty()) box.periods = first;
  box.differs = box.differs && options.periods.empty();
  for (std::size_t m = 0; box.differs && m < runs.size(); ++m)
    for (std::size_t c = 0; c < d; ++c) {
      const auto& periods = runs[m].facts().periods;
      if (periods.empty() || (periods[c] > 0) != (!first.empty() && first[c] > 0))
        throw FileError(runs[m].origin(), "is periodic in other coordinates than " + runs[0].origin() + ".");
      if (periods[c] > 0) box.lengths[m][c] = periods[c];
      box.periods[c] = periods[c] > 0 ? 1 : 0;
    }
  return box;
}

}  // namespace scorefield::data
