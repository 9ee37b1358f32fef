#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/command_line.hpp"

namespace scorefield::apps {

/// What a command has to say when it is done.
struct Answer {
  std::string json;                   ///< with --json
  std::string text;                   ///< otherwise
  std::vector<std::string> warnings;  ///< on stderr, in any case
  std::string failure{};              ///< what went wrong although there is an answer: exit code 1; no text then
};

/// One subcommand. run_command() calls these functions in this order.
class Command {
 public:
  virtual ~Command() = default;
  /// What follows "scorefield COMMAND" in the usage line.
  [[nodiscard]] virtual std::string usage() const = 0;
  /// Its arguments, flags and examples.
  virtual void declare(CommandLine& line) const = 0;
  /// Its option keys; the line is parsed, since arguments (the problem) may decide which there are.
  virtual void bind(const CommandLine&, OptionSet&) {}
  /// What --help adds below the keys.
  [[nodiscard]] virtual std::string help_appendix(const CommandLine&) const { return ""; }
  /// Checks what cannot be left out, and loads what comes before --config (a preset). @throws UsageError
  virtual void prepare(const CommandLine&, OptionSet&) {}
  /// Does the work; all keys are set. Absent: it has printed by itself.
  virtual std::optional<Answer> run(const CommandLine& line, const OptionSet& set) = 0;
};

/// Parses a command line (argv[0] is the subcommand's name), runs the command and prints its answer.
void run_command(Command& command, const std::string& name, const std::string& summary, int argc,
                 const char* const* argv);

}  // namespace scorefield::apps
