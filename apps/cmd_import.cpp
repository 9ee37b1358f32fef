#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/commands.hpp"
#include "core/parameter_list.hpp"
#include "core/text.hpp"
#include "data/import/import.hpp"

namespace scorefield::apps {
namespace {

/// What is printed of frames that may differ in number.
struct Extent {
  std::int64_t frames = 0, fewest = std::numeric_limits<std::int64_t>::max(), most = 0;
};

Extent extent_of(const data::DatasetHeader& header) {
  Extent extent;
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::size_t k = 0; k < header.times(m).size(); ++k) {
      const std::int64_t particles = header.particles_at(m, static_cast<std::int64_t>(k));
      extent = {extent.frames + 1, std::min(extent.fewest, particles), std::max(extent.most, particles)};
    }
  return extent;
}

/// --mu sets import.mu_table, or import.mu_values with import.mu_name.
void apply_mu(const std::vector<std::string>& texts, data::ImportOptions& options) {
  if (texts.empty()) return;
  options.mu_values.clear();
  options.mu_table.clear();
  if (texts.size() == 1 && texts[0].starts_with('@')) {
    options.mu_table = texts[0].substr(1);
    return;
  }
  const ParameterList list = parse_parameters(texts);
  for (const auto& row : list.rows) options.mu_values.insert(options.mu_values.end(), row.begin(), row.end());
  const std::size_t p = list.rows.empty() ? 1 : list.rows[0].size();
  if (!options.mu_name.empty() || (list.names.empty() && p == 1)) return;
  std::vector<std::string> names = list.names;
  for (std::size_t i = 1; list.names.empty() && i <= p; ++i) names.push_back("mu" + std::to_string(i));
  options.mu_name = comma_joined(names);
}

class Import : public Command {
 public:
  std::string usage() const override { return "FILE... --output DATA.h5 [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_arguments("file");
    line.add_flag("output", "DATA.h5", "the dataset to write");
    line.add_flag("mu", "LIST|@CSV",
                  "the physics parameters of every run in the files: 1.2,1.3, \"(1.2, 5), (1.3, 5)\" or @runs.csv, a "
                  "table with a header");
    line.add_example("scorefield import runs.npz --output data.h5");
    line.add_example("scorefield import 'run_{v0}/openpmd_%T.h5' --output data.h5");
    line.add_example("scorefield import run1.h5 run2.h5 --mu @runs.csv --output data.h5 --set import.samples=\"x, v\"");
    line.add_example(
        "scorefield import a.npy b.npy --mu 1.2,1.3 --output data.h5 --set import.duration=40 --set "
        "import.coordinates=x,v --set import.periods=50,0");
  }

  void bind(const CommandLine&, OptionSet& set) override { data::bind(set, options_); }

  std::string help_appendix(const CommandLine&) const override {
    std::string text =
        "\nA FILE may be a pattern, in quotes: %T (or %06T) is the number of a time, {NAME} the value of a parameter, "
        "* "
        "anything.\nFormats:\n";
    for (const auto& format : options_.formats) text += "  " + format->name() + ": " + format->summary() + "\n";
    return text;
  }

  void prepare(const CommandLine& line, OptionSet&) override {
    static_cast<void>(line.required("file"));
    output_ = line.required("output");
  }

  std::optional<Answer> run(const CommandLine& line, const OptionSet& set) override {
    const auto files = line.values("file");
    check_output_differs(output_, files);
    apply_mu(line.values("mu"), options_);
    data::Provenance provenance;
    provenance.seed = line.common().seed;
    provenance.config = set.to_toml();
    return answer(data::import_files(files, options_, provenance, output_));
  }

 private:
  [[nodiscard]] nlohmann::ordered_json json_of(const data::ImportResult& result) const {
    const auto& header = result.header;
    nlohmann::ordered_json json{{"output", output_}, {"mu", header.mu}};
    if (header.ragged()) {
      const Extent extent = extent_of(header);
      json["layout"] = "frames";
      json["frames"] = extent.frames;
      json["particles"] = {extent.fewest, extent.most};
    } else {
      json["frames"] = header.frames();
      json["particles"] = header.particles;
    }
    json["coordinates"] = header.coordinates;
    json["velocities"] = header.has_velocities;
    json["weights"] = header.has_weights;
    json["identity"] = header.identity == data::Identity::trajectories ? "trajectories" : "marginals";
    json["notes"] = result.notes;
    json["warnings"] = result.warnings;
    return json;
  }

  [[nodiscard]] Answer answer(const data::ImportResult& result) const {
    const auto& header = result.header;
    const Extent extent = extent_of(header);
    std::ostringstream text;
    text << output_ << ": " << header.mu_count() << " mu, ";
    if (header.ragged())
      text << extent.frames << " frames of " << extent.fewest << " to " << extent.most << " particles";
    else text << header.frames() << " times, " << header.particles << " particles";
    text << " of " << header.dimension() << " coordinates (" << comma_joined(header.coordinates) << ")"
         << (header.identity == data::Identity::trajectories ? ", trajectories" : "")
         << (header.has_velocities ? ", velocities" : "") << (header.has_weights ? ", weights" : "") << "\n";
    for (const auto& note : result.notes) text << "  " << note << "\n";
    return {json_of(result).dump(2), text.str(), result.warnings};
  }

  std::string output_;
  data::ImportOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_import() { return std::make_unique<Import>(); }

}  // namespace scorefield::apps
