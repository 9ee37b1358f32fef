#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/commands.hpp"
#include "data/import/import.hpp"

namespace scorefield::apps {
namespace {

class Import : public Command {
 public:
  std::string usage() const override { return "FILE... --output DATA.h5 [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_arguments("file");
    line.add_flag("output", "DATA.h5", "the dataset to write");
    line.add_shorthand("mu", "LIST", "import.mu_values",
                       "the physics parameter of every run in the files, as in 1.2,1.3");
    line.add_example("scorefield import runs.npz --output data.h5");
    line.add_example(
        "scorefield import a.npy b.npy --mu 1.2,1.3 --output data.h5 --set import.duration=40 --set "
        "import.coordinates=x,v --set import.periods=50,0");
  }

  void bind(const CommandLine&, OptionSet& set) override { data::bind(set, options_); }

  void prepare(const CommandLine& line, OptionSet&) override {
    static_cast<void>(line.required("file"));
    output_ = line.required("output");
  }

  std::optional<Answer> run(const CommandLine& line, const OptionSet& set) override {
    const auto files = line.values("file");
    check_output_differs(output_, files);
    data::Provenance provenance;
    provenance.seed = line.common().seed;
    provenance.config = set.to_toml();
    return answer(data::import_files(files, options_, provenance, output_));
  }

 private:
  [[nodiscard]] Answer answer(const data::DatasetHeader& header) const {
    const nlohmann::ordered_json json{{"output", output_},
                                      {"mu", header.mu},
                                      {"frames", header.frames()},
                                      {"particles", header.particles},
                                      {"coordinates", header.coordinates},
                                      {"velocities", header.has_velocities}};
    std::ostringstream text;
    text << output_ << ": " << header.mu_count() << " mu, " << header.frames() << " times, " << header.particles
         << " particles of " << header.dimension() << " coordinates" << (header.has_velocities ? ", velocities" : "")
         << "\n";
    return {json.dump(2), text.str(), {}};
  }

  std::string output_;
  data::ImportOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_import() { return std::make_unique<Import>(); }

}  // namespace scorefield::apps
