#include <iostream>

#include "apps/command_line.hpp"
#include "apps/commands.hpp"
#include "data/inspect.hpp"

namespace scorefield::apps {

void run_inspect(int argc, const char* const* argv) {
  CommandLine line("inspect", "says what a scorefield file holds and how it was made", "FILE [FLAGS]");
  line.add_argument("file");
  line.add_example("scorefield inspect train.h5");
  line.add_example("scorefield inspect model.h5 --json");
  line.parse(argc, argv);

  OptionSet set;
  line.bind(set);
  if (line.help()) {
    std::cout << line.help_text(set);
    return;
  }
  const std::string path = line.required("file");
  line.resolve(set);
  std::cout << (line.common().json ? data::describe_file_json(path) : data::describe_file(path)) << "\n";
}

}  // namespace scorefield::apps
