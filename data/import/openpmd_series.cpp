#include "data/import/openpmd_series.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "core/error.hpp"

namespace scorefield::data::openpmd {
namespace {

std::string attribute_or(const h5::File& file, const std::string& object, const std::string& name,
                         const std::string& absent) {
  return file.has_attribute(object, name) ? file.string_attribute(object, name) : absent;
}

/// "/a/b/" and "./c/" -> "/a/b/c"; "/" alone stays.
std::string joined_path(const std::string& base, std::string relative) {
  while (relative.starts_with("./")) relative.erase(0, 2);
  std::string path = base + "/" + relative, clean;
  for (const char c : path)
    if (c != '/' || clean.empty() || clean.back() != '/') clean += c;
  if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  return clean.empty() ? "/" : clean;
}

std::optional<std::int64_t> whole_number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                   : std::nullopt;
}

/// The last digits of a file's name; nothing where it has none.
std::optional<std::int64_t> last_number(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem().string();
  const auto last = stem.find_last_of("0123456789");
  if (last == std::string::npos) return std::nullopt;
  const auto before = stem.find_last_not_of("0123456789", last);
  const auto first = before == std::string::npos ? 0 : before + 1;
  return whole_number(stem.substr(first, last + 1 - first));
}

/// The path with its last digits taken out.
std::string without_number(const std::string& path) {
  const std::filesystem::path whole(path);
  std::string stem = whole.stem().string();
  const auto last = stem.find_last_of("0123456789");
  if (last == std::string::npos) return path;
  const auto before = stem.find_last_not_of("0123456789", last);
  const auto first = before == std::string::npos ? 0 : before + 1;
  return (whole.parent_path() / (stem.erase(first, last + 1 - first) + "%T" + whole.extension().string())).string();
}

std::optional<double> seconds_of(const h5::File& file, const std::string& group) {
  if (!file.has_attribute(group, "time")) return std::nullopt;
  const double unit = file.has_attribute(group, "timeUnitSI") ? file.number_attribute(group, "timeUnitSI") : 1;
  return unit * file.number_attribute(group, "time");
}

}  // namespace

bool is_openpmd(const std::string& path) {
  return h5::File::is_hdf5(path) && h5::File::open(path).has_attribute("/", "openPMD");
}

std::vector<std::vector<std::string>> runs_of_files(const std::vector<std::string>& paths) {
  std::vector<std::vector<std::string>> runs;
  std::vector<std::string> keys;
  for (const auto& path : paths) {
    const bool alone = attribute_or(h5::File::open(path), "/", "iterationEncoding", "groupBased") != "fileBased";
    const std::string key = alone ? path : without_number(path);
    const auto known = alone ? keys.end() : std::find(keys.begin(), keys.end(), key);
    if (known == keys.end()) {
      keys.push_back(key);
      runs.push_back({path});
    } else {
      runs[static_cast<std::size_t>(known - keys.begin())].push_back(path);
    }
  }
  return runs;
}

Series::Series(std::vector<std::string> paths) : paths_(std::move(paths)) {
  for (std::size_t i = 0; i < paths_.size(); ++i) list_iterations(i);
  std::stable_sort(iterations_.begin(), iterations_.end(),
                   [](const Iteration& a, const Iteration& b) { return a.number < b.number; });
  for (std::size_t k = 1; k < iterations_.size(); ++k)
    if (iterations_[k].number == iterations_[k - 1].number)
      throw FileError(paths_[iterations_[k].file],
                      "and " + paths_[iterations_[k - 1].file] + ": both hold iteration " +
                          std::to_string(iterations_[k].number) +
                          " of one run. Import different runs by several patterns with %T.");
}

void Series::list_iterations(std::size_t index) {
  open_ = std::make_unique<h5::File>(h5::File::open(paths_[index]));
  open_index_ = index;
  const h5::File& file = *open_;
  if (!file.has_attribute("/", "openPMD")) throw FileError(file.path(), "has no attribute 'openPMD'.");
  std::string base = attribute_or(file, "/", "basePath", "/data/%T/");
  if (attribute_or(file, "/", "iterationEncoding", "") == "variableBased") base = base.substr(0, base.find("%T"));
  const auto place = base.find("%T");
  const std::size_t before = iterations_.size();
  if (place == std::string::npos) {
    const std::string group = joined_path("/", base);
    const auto number = last_number(paths_[index]);
    if (file.is_group(group))
      iterations_.push_back({number.value_or(static_cast<std::int64_t>(index)), index, group, seconds_of(file, group)});
  } else if (const std::string parent = joined_path("/", base.substr(0, place)); file.is_group(parent)) {
    for (const auto& name : file.children(parent))
      if (const auto number = whole_number(name)) {
        const std::string group = joined_path(parent, name);
        iterations_.push_back({*number, index, group, seconds_of(file, group)});
      }
  }
  if (iterations_.size() == before)
    throw FileError(file.path(), "is openPMD but holds no iterations at its basePath '" + base + "'.");
}

const h5::File& Series::file(std::size_t iteration) const {
  const std::size_t index = iterations_.at(iteration).file;
  if (!open_ || open_index_ != index) {
    open_ = std::make_unique<h5::File>(h5::File::open(paths_[index]));
    open_index_ = index;
  }
  return *open_;
}

std::string Series::below(std::size_t iteration, const char* attribute) const {
  const h5::File& open = file(iteration);
  const std::string absent = std::string(attribute) == "particlesPath" ? "particles/" : "";
  const std::string relative = attribute_or(open, "/", attribute, absent);
  return relative.empty() ? "" : joined_path(iterations_[iteration].group, relative);
}

std::vector<std::string> Series::species_names(std::size_t iteration) const {
  const h5::File& open = file(iteration);
  const std::string group = below(iteration, "particlesPath");
  if (Species::is_species(open, group)) return {""};
  std::vector<std::string> names;
  if (!open.is_group(group)) return names;
  for (const auto& name : open.children(group))
    if (Species::is_species(open, joined_path(group, name))) names.push_back(name);
  return names;
}

Species Series::species(std::size_t iteration, const std::string& name) const {
  const h5::File& open = file(iteration);
  return {open, joined_path(below(iteration, "particlesPath"), name)};
}

std::string Series::species_type(std::size_t iteration, const std::string& name) const {
  const h5::File& open = file(iteration);
  const std::string particles = below(iteration, "particlesPath"), group = joined_path(particles, name);
  for (const auto& object : {group, particles})
    if (open.exists(object) && open.has_attribute(object, "speciesType"))
      return open.string_attribute(object, "speciesType");
  return "";
}

std::optional<double> Series::attribute(std::size_t iteration, const std::string& name) const {
  const h5::File& open = file(iteration);
  for (const auto& object : {std::string("/"), iterations_[iteration].group})
    if (open.has_attribute(object, name)) return open.number_attribute(object, name);
  return std::nullopt;
}

std::string Series::time_unit(std::size_t iteration) const {
  return attribute_or(file(iteration), iterations_[iteration].group, "timeUnit", "s");
}

namespace {

/// The extent of a mesh's first component, an array or a constant.
h5::Dims cells_of(const h5::File& open, const std::string& mesh) {
  std::string component = mesh;
  if (open.is_group(mesh) && !open.children(mesh).empty()) component = joined_path(mesh, open.children(mesh).front());
  if (open.is_dataset(component)) return open.dims(component);
  h5::Dims cells;
  if (open.has_attribute(component, "shape"))
    for (const double extent : open.numbers_attribute(component, "shape"))
      cells.push_back(static_cast<std::int64_t>(extent));
  return cells;
}

}  // namespace

double Series::period(std::size_t iteration, const std::string& axis) const {
  const h5::File& open = file(iteration);
  const std::string meshes = below(iteration, "meshesPath");
  if (meshes.empty() || !open.is_group(meshes) || !open.has_attribute(meshes, "fieldBoundary")) return 0;
  const auto boundary = open.strings_attribute(meshes, "fieldBoundary");
  for (const auto& name : open.children(meshes)) {
    const std::string mesh = joined_path(meshes, name);
    if (!open.has_attribute(mesh, "axisLabels") || !open.has_attribute(mesh, "gridSpacing")) continue;
    const auto labels = open.strings_attribute(mesh, "axisLabels");
    const auto spacing = open.numbers_attribute(mesh, "gridSpacing");
    const h5::Dims cells = cells_of(open, mesh);
    const double unit = open.has_attribute(mesh, "gridUnitSI") ? open.number_attribute(mesh, "gridUnitSI") : 1;
    for (std::size_t i = 0; i < labels.size() && i < spacing.size() && i < cells.size(); ++i)
      if (labels[i] == axis && 2 * i + 1 < boundary.size() && boundary[2 * i] == "periodic" &&
          boundary[2 * i + 1] == "periodic")
        return spacing[i] * unit * static_cast<double>(cells[i]);
  }
  return 0;
}

}  // namespace scorefield::data::openpmd
