#include "data/inspect.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "core/error.hpp"
#include "data/dataset.hpp"

namespace scorefield::data {
namespace {

using Json = nlohmann::ordered_json;

// ---- what the file holds, as JSON ----

/// Appends every dataset below `group` as {name, shape, type}. Links may form circles, hence the limit.
void collect_arrays(const h5::File& file, const std::string& group, int depth, Json& arrays) {
  constexpr int kDeepest = 16;
  if (depth > kDeepest) return;
  for (const auto& child : file.children(group)) {
    const std::string name = (group == "/" ? "" : group) + "/" + child;
    if (file.is_group(name)) collect_arrays(file, name, depth + 1, arrays);
    else if (!file.exists(name)) arrays.push_back({{"name", name}, {"type", "broken link"}});
    else if (!file.is_dataset(name)) arrays.push_back({{"name", name}, {"type", "named type"}});
    else arrays.push_back({{"name", name}, {"shape", file.dims(name)}, {"type", file.element_type(name)}});
  }
}

/// How many arrays and values lie below `prefix`.
Json totals(const Json& arrays, const std::string& prefix) {
  std::int64_t count = 0, values = 0;
  for (const auto& array : arrays) {
    if (!array.contains("shape") || !array["name"].get<std::string>().starts_with(prefix)) continue;
    std::int64_t size = 1;
    for (const auto& extent : array["shape"]) size *= extent.get<std::int64_t>();
    values += size;
    ++count;
  }
  return {{"arrays", count}, {"values", values}};
}

/// Every series under /history: its length and its last value.
Json history_facts(const h5::File& file, const Json& arrays) {
  Json history = Json::object();
  for (const auto& array : arrays) {
    const auto name = array["name"].get<std::string>();
    const bool series = name.starts_with("/history/") && array.contains("shape") && array["shape"].size() == 1;
    if (!series || array["type"] == "string" || array["type"] == "other") continue;
    const auto values = file.read<double>(name);
    Json entry{{"length", values.size()}};
    if (!values.empty()) entry["last"] = values.back();
    history[name.substr(std::string("/history/").size())] = entry;
  }
  return history;
}

void add_provenance(Json& facts, const Provenance& provenance) {
  facts["format"] = provenance.format;
  facts["format_version"] = kFormatVersion;
  facts["scorefield_version"] = provenance.scorefield_version;
  facts["created"] = provenance.created;
  facts["seed"] = provenance.seed;
  facts["config"] = provenance.config;
}

void add_header(Json& facts, const DatasetHeader& header) {
  facts["mu_names"] = header.mu_names;
  facts["mu"] = header.mu;
  facts["time"] = {{"frames", header.frames()},
                   {"first", header.time.front()},
                   {"last", header.time.back()},
                   {"units", header.time_units}};
  facts["coordinates"] = header.coordinates;
  facts["units"] = header.units;
  facts["periods"] = header.periods;
}

/// What a model keeps of the header of its training data.
DatasetHeader training_header(const h5::File& file) {
  DatasetHeader header;
  const h5::Dims dims = file.dims("/model/mu");
  const auto mu = file.read<double>("/model/mu");
  const auto p = dims.size() == 2 ? static_cast<std::ptrdiff_t>(dims[1]) : 1;
  for (auto row = mu.begin(); p > 0 && row != mu.end(); row += p) header.mu.emplace_back(row, row + p);
  header.mu_names = file.strings_attribute("/model/mu", "names");
  header.time = file.read<double>("/model/time");
  header.time_units = file.string_attribute("/model/time", "units");
  header.coordinates = file.strings_attribute("/model", "coordinates");
  header.units = file.strings_attribute("/model", "units");
  header.periods = file.numbers_attribute("/model", "periods");
  if (header.time.empty() || header.units.size() != header.coordinates.size() ||
      header.periods.size() != header.coordinates.size())
    throw FileError(file.path(), "the coordinates or times under '/model' do not fit. Train the model again.");
  return header;
}

void add_dataset(Json& facts, const std::string& path) {
  const DatasetReader reader(path);
  const DatasetHeader& header = reader.header();
  add_header(facts, header);
  facts["particles"] = header.particles;
  facts["identity"] = header.identity == Identity::trajectories ? "trajectories" : "marginals";
  facts["velocities"] = header.has_velocities;
  if (const auto diagnostics = reader.read_diagnostics()) {
    Json shapes = Json::object();
    for (const auto& [name, series] : diagnostics->series) shapes[name] = series.shape;
    facts["diagnostics"] = {{"steps", diagnostics->time.size()}, {"series", shapes}};
  }
}

/// Weights and biases of the network itself, "modulation.weight0", "modulation.bias0", ...: the others make them depend
/// on (mu, t).
std::int64_t plain_parameters(const Json& arrays) {
  std::int64_t count = 0;
  for (const char* name : {"weight", "bias"}) {
    const std::string prefix = std::string("/model/parameters/modulation.") + name;
    for (const auto& array : arrays) {
      const auto path = array["name"].get<std::string>();
      if (path.starts_with(prefix) && path.find_first_not_of("0123456789", prefix.size()) == std::string::npos)
        count += totals(Json::array({array}), prefix)["values"].get<std::int64_t>();
    }
  }
  return count;
}

void add_model(Json& facts, const h5::File& file, const Json& arrays) {
  if (file.exists("/model/mu") && file.exists("/model/time")) add_header(facts, training_header(file));
  facts["parameters"] = totals(arrays, "/model/parameters/")["values"];
  facts["network_parameters"] = plain_parameters(arrays);
  if (file.is_group("/model") && file.has_attribute("/model", "kind"))
    facts["kind"] = file.string_attribute("/model", "kind");
  for (const char* group : {"/model", "/training", "/history", "/initial"})
    if (file.is_group(group)) facts["groups"][group] = totals(arrays, std::string(group) + "/");
  if (file.has_attribute("/training", "step")) facts["step"] = file.integer_attribute("/training", "step");
  facts["history"] = history_facts(file, arrays);
}

Json collect(const std::string& path) {
  const auto file = h5::File::open(path);
  Json facts{{"file", path}, {"bytes", std::filesystem::file_size(path)}};
  Json arrays = Json::array();
  collect_arrays(file, "/", 0, arrays);
  const bool ours =
      file.has_attribute("/", "format") && file.string_attribute("/", "format").starts_with("scorefield/");
  if (!ours) {
    facts["format"] = nullptr;
  } else {
    add_provenance(facts, read_provenance(file, {}));
    if (facts["format"] == kDatasetFormat || facts["format"] == kRolloutFormat) add_dataset(facts, path);
    if (facts["format"] == kModelFormat) add_model(facts, file, arrays);
  }
  facts["arrays"] = std::move(arrays);
  return facts;
}

// ---- the same for people ----

std::string byte_text(double bytes) {
  const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < std::size(units); ++unit) bytes /= 1000;
  std::ostringstream text;
  text.precision(3);
  text << bytes << " " << units[unit];
  return text.str();
}

/// "1.2, 1.3, ..., 1.9" for [[1.2], [1.3], ...]; "(0, 1), (0, 2)" when mu has several parameters.
std::string mu_text(const Json& mu) {
  constexpr std::size_t kShown = 12;
  std::ostringstream text;
  for (std::size_t i = 0; i < mu.size(); ++i) {
    if (mu.size() > kShown && i == kShown - 1) {
      text << ", ...";
      i = mu.size() - 1;
    }
    const auto values = mu[i].get<std::vector<double>>();
    text << (i ? ", " : "") << (values.size() > 1 ? "(" : "");
    for (std::size_t j = 0; j < values.size(); ++j) text << (j ? ", " : "") << values[j];
    text << (values.size() > 1 ? ")" : "");
  }
  return text.str();
}

std::string word_text(const Json& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word.get<std::string>();
  return text;
}

std::string shape_text(const Json& shape) { return h5::to_text(shape.get<h5::Dims>()); }

/// One labelled line.
class Page {
 public:
  explicit Page(const std::string& title) { text_ << title; }
  template <class... Parts>
  void line(const std::string& label, const Parts&... parts) {
    constexpr std::size_t kLabelWidth = 14;
    text_ << "\n  " << label << std::string(label.size() < kLabelWidth ? kLabelWidth - label.size() : 1, ' ');
    add(parts...);
  }
  template <class... Parts>
  void add(const Parts&... parts) {
    (text_ << ... << parts);
  }
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
};

std::string coordinate_text(const Json& facts, std::size_t i) {
  std::ostringstream text;
  text << facts["coordinates"][i].get<std::string>() << " [" << facts["units"][i].get<std::string>() << "]";
  const auto period = facts["periods"][i].get<double>();
  if (period > 0) text << ", period " << period;
  return text.str();
}

void print_header(const Json& facts, Page& page) {
  const Json& time = facts["time"];
  const std::size_t count = facts["mu"].size();
  page.line("mu", mu_text(facts["mu"]), "  (", count, count == 1 ? " value of " : " values of ",
            word_text(facts["mu_names"]), ")");
  page.line("time", time["frames"].get<std::int64_t>(), " frames, ", time["first"].get<double>(), " to ",
            time["last"].get<double>(), " ", time["units"].get<std::string>());
  for (std::size_t i = 0; i < facts["coordinates"].size(); ++i)
    page.line(i == 0 ? "coordinates" : "", coordinate_text(facts, i));
}

void print_dataset(const Json& facts, Page& page) {
  print_header(facts, page);
  page.line("samples", facts["particles"].get<std::int64_t>(), " particles per frame, ",
            facts["identity"].get<std::string>(), facts["velocities"].get<bool>() ? ", with velocities" : "");
  for (const auto& array : facts["arrays"])
    if (array["name"] == "/log_density") page.line("log-density", shape_text(array["shape"]));
  if (!facts.contains("diagnostics")) return;
  const Json& diagnostics = facts["diagnostics"];
  page.line("diagnostics", diagnostics["steps"].get<std::int64_t>(), " steps");
  for (const auto& [name, shape] : diagnostics["series"].items()) page.line("", name, " ", shape_text(shape));
}

/// Every array, or every one below `prefix`.
void print_arrays(const Json& facts, Page& page, const std::string& prefix = "/") {
  bool first = true;
  for (const auto& array : facts["arrays"]) {
    const auto name = array["name"].get<std::string>();
    if (!name.starts_with(prefix)) continue;
    const std::string shape = array.contains("shape") ? shape_text(array["shape"]) : "";
    page.line(first ? "arrays" : "", name, "  ", array["type"].get<std::string>(), " ", shape);
    first = false;
  }
  if (first) page.line("arrays", "none");
}

void print_model(const Json& facts, Page& page) {
  const auto parameters = facts["parameters"].get<std::int64_t>(),
             network = facts["network_parameters"].get<std::int64_t>();
  page.line("model", facts.value("kind", "drift"), ", ", parameters, " parameters (network ", network, ", modulation ",
            parameters - network, ")");
  if (facts.contains("step")) page.add(", ", facts["step"].get<std::int64_t>(), " training steps");
  if (facts.contains("mu")) print_header(facts, page);
  for (const auto& [name, group] : facts["groups"].items())
    page.line(name, group["arrays"].get<std::int64_t>(), " arrays, ", group["values"].get<std::int64_t>(), " values");
  bool first = true;
  for (const auto& [name, entry] : facts["history"].items()) {
    page.line(first ? "history" : "", name, ": ", entry["length"].get<std::int64_t>(), " entries");
    if (entry.contains("last")) page.add(", last ", entry["last"].get<double>());
    first = false;
  }
}

void print_provenance(const Json& facts, Page& page) {
  page.line("made by", "scorefield ", facts["scorefield_version"].get<std::string>(), ", ",
            facts["created"].get<std::string>(), ", seed ", facts["seed"].get<std::int64_t>());
  std::istringstream config(facts["config"].get<std::string>());
  bool first = true;
  for (std::string row; std::getline(config, row);) {
    if (row.empty()) continue;
    page.line(first ? "config" : "", row);
    first = false;
  }
}

}  // namespace

std::string describe_file(const std::string& path) {
  const Json facts = collect(path);
  const std::string size = byte_text(static_cast<double>(facts["bytes"].get<std::uintmax_t>()));
  if (facts["format"].is_null()) {
    Page page(path + ": HDF5, not a scorefield file, " + size);
    print_arrays(facts, page);
    return page.text();
  }
  Page page(path + ": " + facts["format"].get<std::string>() + ", " + size);
  const bool dataset = facts.contains("particles"), model = facts.contains("parameters");
  if (dataset) print_dataset(facts, page);
  if (model) print_model(facts, page);
  print_provenance(facts, page);
  if (!dataset) print_arrays(facts, page, model ? "/model/" : "/");
  return page.text();
}

std::string describe_file_json(const std::string& path) {
  return collect(path).dump(2, ' ', false, Json::error_handler_t::replace);  // foreign names may not be UTF-8
}

}  // namespace scorefield::data
