#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/options.hpp"

namespace cxxopts {
class Options;
}

namespace scorefield::apps {

/// What every command understands, besides --help, --config and --set.
struct CommonOptions {
  std::int64_t seed = 0;
  std::string device = "cpu";
  std::int64_t threads = 0;  ///< 0: all cores
  bool quiet = false;
  bool json = false;
};

/// The command line of one subcommand. It is used in three steps: declare the flags, parse(), then bind the
/// libraries' options structs to an OptionSet and resolve() it. Parsing comes before binding because arguments
/// (the problem, a preset) decide which keys there are.
///
/// A key is set by, in rising precedence: its default, a loaded document (a preset, or the configuration stored in a
/// model), --config, --set, and the flag that is a shorthand for it.
class CommandLine {
 public:
  /// `usage` is what follows "scorefield COMMAND", e.g. "DATA.h5 --output MODEL.h5 [OPTIONS]".
  CommandLine(std::string command, std::string summary, std::string usage);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  /// The one positional argument, by the name it has in the usage line.
  void add_argument(const std::string& name);
  /// Any number of positional arguments under one name, read with values().
  void add_arguments(const std::string& name);
  /// A flag with a value that the command reads itself.
  void add_flag(const std::string& name, const std::string& placeholder, const std::string& help);
  /// A flag without a value.
  void add_switch(const std::string& name, const std::string& help);
  /// A flag with a value that sets the option `key`.
  void add_shorthand(const std::string& name, const std::string& placeholder, const std::string& key,
                     const std::string& help);
  /// The flag --mu, given once or several times (core/parameter_list.hpp), which sets the keys TABLE.mu and
  /// TABLE.parameters.
  void add_mu(const std::string& table, const std::string& help);
  /// Lines shown under "Examples" by --help.
  void add_example(const std::string& line);

  /// @throws UsageError for unknown flags (naming the nearest), missing values and surplus arguments.
  void parse(int argc, const char* const* argv);

  [[nodiscard]] bool help() const { return has("help"); }
  [[nodiscard]] bool has(const std::string& name) const;
  [[nodiscard]] std::optional<std::string> value(const std::string& name) const;
  /// All values given under one name, in order.
  [[nodiscard]] std::vector<std::string> values(const std::string& name) const;
  /// The value of a flag or argument that cannot be left out. @throws UsageError showing the usage line
  [[nodiscard]] std::string required(const std::string& name) const;

  /// Adds the root keys "command", "device" and "seed". The set must not outlive this command line.
  void bind(OptionSet& set);

  /// A TOML document and the name (file, preset) that messages use for it.
  struct Document {
    std::string text, origin;
  };

  /// Sets the document's keys. @throws UsageError for unknown keys, bad values, or another command's configuration
  void load(OptionSet& set, const Document& document) const;

  /// Applies --config, --set and the flags to `set`, in this order, then sets the number of threads of the process
  /// and checks the device.
  /// @throws UsageError for unknown keys and bad values, FileError for the configuration file
  void resolve(OptionSet& set);
  [[nodiscard]] const CommonOptions& common() const { return common_; }

  /// Help text: usage, flags, the keys of `set` with defaults and choices, examples.
  [[nodiscard]] std::string help_text(const OptionSet& set) const;

 private:
  struct Flag {
    std::string name, placeholder, help, key;
    bool common = false;
  };

  void add(Flag flag);
  [[nodiscard]] cxxopts::Options make_options() const;
  [[nodiscard]] std::string flags_help(bool common) const;

  std::string command_, command_key_, summary_, usage_;
  std::string argument_;
  bool many_arguments_ = false;
  std::vector<Flag> flags_;
  std::vector<std::string> examples_;
  std::vector<std::pair<std::string, std::string>> given_;  ///< in the order of the command line
  CommonOptions common_;
};

/// The whole number in a flag's value. @throws UsageError "--FLAG is TEXT, expected RANGE."
[[nodiscard]] std::int64_t parse_count(const std::string& flag, const std::string& text,
                                       const Range& range = at_least(1));

/// Stops `output` from replacing one of the files it is made from. @throws UsageError
void check_output_differs(const std::string& output, const std::vector<std::string>& inputs);

/// "scorefield COMMAND: warning: TEXT" on stderr, also with --quiet.
void print_warning(const std::string& command, const std::string& text);

}  // namespace scorefield::apps
