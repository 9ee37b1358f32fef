#include "data/inspect.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/file_facts.hpp"
#include "data/h5.hpp"
#include "data/seal.hpp"

namespace scorefield::data {
namespace {

using Json = nlohmann::ordered_json;

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
    text << (i ? ", " : "") << tuple_text(mu[i].get<std::vector<double>>());
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

/// "  electric energy of the box [box length]": what the writer says of an array, before that its shape.
std::string array_text(const Json& array) {
  std::string text = array.contains("shape") ? shape_text(array["shape"]) : "";
  const Json attributes = array.value("attributes", Json::object());
  for (const char* name : {"description", "units"}) {
    if (!attributes.contains(name) || !attributes[name].is_string()) continue;
    const auto value = attributes[name].get<std::string>();
    text += name == std::string("units") ? " [" + value + "]" : "  " + value;
  }
  return text;
}

/// Every array below `prefix`.
void print_arrays(const Json& facts, Page& page, const std::string& label, const std::string& prefix) {
  bool first = true;
  for (const auto& array : facts["arrays"]) {
    const auto name = array["name"].get<std::string>();
    if (!name.starts_with(prefix)) continue;
    page.line(first ? label : "", name, "  ", array["type"].get<std::string>(), " ", array_text(array));
    first = false;
  }
  if (first) page.line(label, "none");
}

void print_dataset(const Json& facts, Page& page) {
  print_header(facts, page);
  const Json& particles = facts["particles"];
  if (particles.is_object())
    page.line("samples", particles["frames"].get<std::int64_t>(), " frames of ", particles["least"].get<std::int64_t>(),
              " to ", particles["most"].get<std::int64_t>(), " particles, ");
  else page.line("samples", particles.get<std::int64_t>(), " particles per frame, ");
  page.add(facts["identity"].get<std::string>());
  const char* joint = ", with ";
  for (const char* what : {"velocities", "weights", "id"})
    if (facts[what].get<bool>()) page.add(std::exchange(joint, ", "), what == std::string("id") ? "ids" : what);
  std::string label = "diagnostics";
  if (facts.contains("diagnostics")) page.line(label, facts["diagnostics"]["steps"].get<std::int64_t>(), " steps");
  for (const auto& array : facts["arrays"]) {
    const auto name = array["name"].get<std::string>();
    const bool diagnostic = name.starts_with("/diagnostics/") && name != "/diagnostics/time";
    if (diagnostic) page.line("", name.substr(std::string("/diagnostics/").size()), " ", array_text(array));
    if (name == "/log_density") page.line("log-density", array_text(array));
  }
}

/// Attributes of groups that fit into a line.
void print_attributes(const Json& facts, Page& page) {
  if (!facts.contains("attributes")) return;
  constexpr std::size_t kLongest = 100;
  bool first = true;
  for (const auto& [group, attributes] : facts["attributes"].items())
    for (const auto& [name, value] : attributes.items()) {
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      if (text.size() > kLongest || text.find('\n') != std::string::npos) continue;
      page.line(first ? "attributes" : "", group == "/" ? "" : group + " ", name, " = ", text);
      first = false;
    }
}

void print_model(const Json& facts, Page& page) {
  const auto parameters = facts["parameters"].get<std::int64_t>(),
             network = facts["network_parameters"].get<std::int64_t>();
  page.line("model", facts["kind"].get<std::string>());
  if (parameters > 0)
    page.add(", ", parameters, " parameters (network ", network, ", modulation ", parameters - network, ")");
  page.add(", ", facts["step"].get<std::int64_t>(), " training steps");
  print_header(facts, page);
  if (facts.contains("identity"))
    page.line("identity", facts["identity"].get<std::string>() == "ignored"
                              ? "ignored: trained on snapshots, though the data follow their particles"
                              : facts["identity"].get<std::string>() + " in the training data");
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

Json verified_facts(const std::string& path, Verify verify) {
  if (verify == Verify::what_is_read) return file_facts(path);
  const auto bytes = verify_seal(path);
  Json facts = file_facts(path);  // says what else the file may be
  if (!bytes)
    throw FileError(path,
                    "has no checksums: an older version wrote it, or another program has changed it since. Whether it "
                    "is as it was written cannot be said.");
  facts["verified_bytes"] = *bytes;
  return facts;
}

void print_verified(const Json& facts, Page& page) {
  if (facts.contains("verified_bytes"))
    page.line("checksums", "all ", facts["verified_bytes"].get<std::uint64_t>(), " bytes are those that were written");
}

}  // namespace

std::string describe_file(const std::string& path, Verify verify) {
  const Json facts = verified_facts(path, verify);
  const std::string size = byte_text(static_cast<double>(facts["bytes"].get<std::uintmax_t>()));
  if (facts["format"].is_null()) {
    Page page(path + ": HDF5, not a scorefield file, " + size);
    print_attributes(facts, page);
    print_arrays(facts, page, "arrays", "/");
    print_verified(facts, page);
    return page.text();
  }
  Page page(path + ": " + facts["format"].get<std::string>() + ", " + size);
  const bool dataset = facts.contains("particles"), model = facts.contains("parameters");
  if (dataset) print_dataset(facts, page);
  if (model) print_model(facts, page);
  print_provenance(facts, page);
  if (!dataset && !model) print_attributes(facts, page);
  if (!dataset) print_arrays(facts, page, "arrays", model ? "/model/" : "/");
  print_verified(facts, page);
  return page.text();
}

std::string describe_file_json(const std::string& path, Verify verify) {
  return verified_facts(path, verify)
      .dump(2, ' ', false, Json::error_handler_t::replace);  // foreign names may not be UTF-8
}

}  // namespace scorefield::data
