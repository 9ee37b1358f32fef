#include "data/file_facts.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/dataset.hpp"
#include "data/model_header.hpp"

namespace scorefield::data {
namespace {

using Json = nlohmann::ordered_json;

Json attribute_value(const h5::File& file, const std::string& object, const std::string& name) {
  const std::string type = file.attribute_type(object, name);
  if (type == "string") return file.string_attribute(object, name);
  if (type == "strings") return file.strings_attribute(object, name);
  if (type == "integer") return file.integer_attribute(object, name);
  if (type == "number") return file.number_attribute(object, name);
  if (type == "numbers" || type == "integers") return file.numbers_attribute(object, name);
  return nullptr;
}

/// All but those of the root that every file of ours has.
Json attribute_values(const h5::File& file, const std::string& object) {
  Json values = Json::object();
  for (const auto& name : file.attributes(object))
    if (object != "/" || !is_provenance(name)) values[name] = attribute_value(file, object, name);
  return values;
}

Json array_facts(const h5::File& file, const std::string& name) {
  Json facts{{"name", name}, {"shape", file.dims(name)}, {"type", file.element_type(name)}};
  if (Json attributes = attribute_values(file, name); !attributes.empty()) facts["attributes"] = std::move(attributes);
  return facts;
}

/// The tree of a file: arrays with their attributes, and those of groups.
struct Tree {
  Json arrays = Json::array();
  Json attributes = Json::object();  ///< by group
};

/// Links may form circles, hence the limit.
void collect(const h5::File& file, const std::string& group, int depth, Tree& tree) {
  constexpr int kDeepest = 16;
  if (depth > kDeepest) return;
  if (Json values = attribute_values(file, group); !values.empty()) tree.attributes[group] = std::move(values);
  for (const auto& child : file.children(group)) {
    const std::string name = (group == "/" ? "" : group) + "/" + child;
    if (file.is_group(name)) collect(file, name, depth + 1, tree);
    else if (!file.exists(name)) tree.arrays.push_back({{"name", name}, {"type", "broken link"}});
    else if (!file.is_dataset(name)) tree.arrays.push_back({{"name", name}, {"type", "named type"}});
    else tree.arrays.push_back(array_facts(file, name));
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
  facts["format_version"] = provenance.format_version;
  facts["scorefield_version"] = provenance.scorefield_version;
  facts["created"] = provenance.created;
  facts["seed"] = provenance.seed;
  facts["config"] = provenance.config;
}

void add_header(Json& facts, const DatasetHeader& header) {
  facts["mu_names"] = header.mu_names;
  facts["mu"] = header.mu;
  std::size_t frames = header.time.size();  // at most, of one mu
  double first = header.times(0).front(), last = header.times(0).back();
  for (const auto& run : header.runs) {
    frames = std::max(frames, run.time.size());
    first = std::min(first, run.time.front());
    last = std::max(last, run.time.back());
  }
  facts["time"] = {{"frames", frames}, {"first", first}, {"last", last}, {"units", header.time_units}};
  facts["coordinates"] = header.coordinates;
  facts["units"] = header.units;
  facts["periods"] = header.periods;
}

/// Of frames that differ: how many, and their least and most particles.
Json frame_sizes(const DatasetHeader& header) {
  std::int64_t frames = 0, least = header.particles_at(0, 0), most = least;
  for (const auto& run : header.runs)
    for (const std::int64_t count : run.particles) {
      ++frames;
      least = std::min(least, count);
      most = std::max(most, count);
    }
  return {{"frames", frames}, {"least", least}, {"most", most}};
}

void add_dataset(Json& facts, const std::string& path) {
  const DatasetReader reader(path, Layouts::any);
  const DatasetHeader& header = reader.header();
  add_header(facts, header);
  facts["layout"] = header.ragged() ? kFramesLayout : "dense";
  facts["particles"] = header.particles;
  if (header.ragged()) facts["particles"] = frame_sizes(header);
  facts["identity"] = identity_word(header);
  facts["velocities"] = header.has_velocities;
  facts["weights"] = header.has_weights;
  facts["id"] = header.has_id;
  if (const auto diagnostics = reader.read_diagnostics()) {
    Json shapes = Json::object();
    for (const auto& [name, series] : diagnostics->series) shapes[name] = series.shape;
    facts["diagnostics"] = {{"steps", diagnostics->time.size()}, {"series", shapes}};
  }
}

void add_model(Json& facts, const h5::File& file, const Json& arrays) {
  const ModelHeader header = read_model_header(file);
  add_header(facts, header.data);
  facts["parameters"] = header.parameters;
  facts["network_parameters"] = header.network_parameters;
  facts["kind"] = header.kind;
  if (file.has_attribute("/model", "identity")) facts["identity"] = file.string_attribute("/model", "identity");
  for (const auto& group : file.children("/"))
    if (file.is_group("/" + group)) facts["groups"]["/" + group] = totals(arrays, "/" + group + "/");
  facts["step"] = header.step;
  facts["history"] = history_facts(file, arrays);
}

}  // namespace

nlohmann::ordered_json file_facts(const std::string& path) {
  const auto file = h5::File::open(path);
  Json facts{{"file", path}, {"bytes", std::filesystem::file_size(path)}};
  Tree tree;
  collect(file, "/", 0, tree);
  const bool ours =
      file.has_attribute("/", "format") && file.string_attribute("/", "format").starts_with("scorefield/");
  if (!ours) {
    facts["format"] = nullptr;
  } else {
    add_provenance(facts, read_provenance(file, {}));
    if (facts["format"] == kDatasetFormat || facts["format"] == kRolloutFormat) add_dataset(facts, path);
    if (facts["format"] == kModelFormat) add_model(facts, file, tree.arrays);
  }
  if (!tree.attributes.empty()) facts["attributes"] = std::move(tree.attributes);
  facts["arrays"] = std::move(tree.arrays);
  return facts;
}

}  // namespace scorefield::data
