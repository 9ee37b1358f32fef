#include "apps/commands.hpp"
#include "data/inspect.hpp"

namespace scorefield::apps {
namespace {

class Inspect : public Command {
 public:
  std::string usage() const override { return "FILE [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_argument("file");
    line.add_switch("verify", "compare every byte with the checksums that the file carries");
    line.add_example("scorefield inspect train.h5");
    line.add_example("scorefield inspect train.h5 --verify");
    line.add_example("scorefield inspect model.h5 --json");
  }

  void prepare(const CommandLine& line, OptionSet&) override { path_ = line.required("file"); }

  std::optional<Answer> run(const CommandLine& line, const OptionSet&) override {
    const auto verify = line.has("verify") ? data::Verify::every_byte : data::Verify::what_is_read;
    if (line.common().json) return Answer{data::describe_file_json(path_, verify), "", {}};
    return Answer{"", data::describe_file(path_, verify) + "\n", {}};
  }

 private:
  std::string path_;
};

}  // namespace

std::unique_ptr<Command> make_inspect() { return std::make_unique<Inspect>(); }

}  // namespace scorefield::apps
