#include "apps/command.hpp"

#include <iostream>

#include "core/error.hpp"

namespace scorefield::apps {

void run_command(Command& command, const std::string& name, const std::string& summary, int argc,
                 const char* const* argv) {
  CommandLine line(name, summary, command.usage());
  command.declare(line);
  line.parse(argc, argv);
  OptionSet set;
  line.bind(set);
  command.bind(line, set);
  if (line.help()) {
    std::cout << line.help_text(set) << command.help_appendix(line);
    return;
  }
  if (const auto config = line.value("config"), output = line.value("output"); config && output)
    check_output_differs(*output, {*config});
  command.prepare(line, set);
  line.resolve(set);
  const auto answer = command.run(line, set);
  if (!answer) return;
  for (const auto& warning : answer->warnings) print_warning(name, warning);
  if (line.common().json) std::cout << answer->json << "\n";
  else if (answer->failure.empty()) std::cout << answer->text;
  if (!answer->failure.empty()) throw Error(answer->failure);
}

}  // namespace scorefield::apps
