#include <nlohmann/json.hpp>

#include "apps/commands.hpp"
#include "data/export/export.hpp"

namespace scorefield::apps {
namespace {

class Export : public Command {
 public:
  std::string usage() const override { return "FILE --output OUT [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_argument("file");
    line.add_flag("output", "OUT", "OUT.npz: NumPy; OUT.nc: ArviZ (NetCDF); anything else: openPMD (HDF5)");
    line.add_example("scorefield export rollout.h5 --output rollout.npz");
    line.add_example("scorefield export rollout.h5 --output 'run_{mu}.h5'");
    line.add_example("scorefield export samples.h5 --output samples.nc");
  }

  void bind(const CommandLine&, OptionSet& set) override { data::bind(set, options_); }

  std::string help_appendix(const CommandLine&) const override {
    return "\nopenPMD has a file per mu: {NAME} in OUT is replaced by the parameter's value, {run} by its index.\n";
  }

  void prepare(const CommandLine& line, OptionSet&) override {
    path_ = line.required("file");
    output_ = line.required("output");
  }

  std::optional<Answer> run(const CommandLine& line, const OptionSet&) override {
    check_output_differs(output_, {path_});
    options_.seed = static_cast<std::uint64_t>(line.common().seed);
    const auto files = data::export_file(path_, output_, options_);
    std::string text;
    for (const auto& file : files) text += file + "\n";
    return Answer{nlohmann::ordered_json{{"file", path_}, {"written", files}}.dump(2), text, {}};
  }

 private:
  std::string path_, output_;
  data::ExportOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_export() { return std::make_unique<Export>(); }

}  // namespace scorefield::apps
