#include "apps/command.hpp"

#include <iostream>

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
  command.prepare(line, set);
  line.resolve(set);
  const auto answer = command.run(line, set);
  if (!answer) return;
  for (const auto& warning : answer->warnings) print_warning(name, warning);
  std::cout << (line.common().json ? answer->json + "\n" : answer->text);
}

}  // namespace scorefield::apps
