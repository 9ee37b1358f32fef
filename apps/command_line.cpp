#include "apps/command_line.hpp"

#include <ATen/Parallel.h>
#include <torch/cuda.h>

#define CXXOPTS_NO_REGEX  // its own parser: <regex> would take most of this file's compile time
#include <algorithm>
#include <cxxopts.hpp>
#include <filesystem>
#include <iostream>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "core/parameter_list.hpp"
#include "core/text.hpp"
#include "data/atomic_file.hpp"

namespace scorefield::apps {
namespace {

constexpr std::size_t kFlagColumn = 26;  ///< width of "  --output EVALUATION.json" in help texts

constexpr double kMostThreads = 1024;  ///< beyond any machine that this runs on; each thread takes memory

/// Which command a configuration belongs to; stored in every output and checked when a configuration is read.
constexpr const char* kCommandKey = "command";

constexpr const char* kMuFlag = "mu";

/// What --mu says, given once or several times: TABLE.mu, and TABLE.parameters where it names them.
void set_parameters(OptionSet& set, const std::string& mu_key, const std::vector<std::string>& texts) {
  if (texts.size() == 1 && texts.front().find_first_of("=@") == std::string::npos) {
    set.set(mu_key, texts.front());
    return;
  }
  const ParameterList list = parse_parameters(texts);
  set.set(mu_key, to_toml(list.rows));
  set.set(mu_key.substr(0, mu_key.find('.')) + ".parameters", "\"" + comma_joined(list.names) + "\"");
}

void check_device(const std::string& device) {
  if (device == "cpu") return;
  const std::string digits = device.rfind("cuda:", 0) == 0 ? device.substr(5) : "";
  const bool well_formed = device == "cuda" || (!digits.empty() && digits.size() < 4 &&
                                                std::all_of(digits.begin(), digits.end(), ::isdigit));
  if (!well_formed) throw UsageError("--device expects cpu, cuda or cuda:INDEX, got '" + device + "'.");
  const auto count = static_cast<std::int64_t>(torch::cuda::device_count());
  const std::int64_t index = digits.empty() ? 0 : std::stoll(digits);
  if (index >= count)
    throw Error("device '" + device + "' is not there: LibTorch sees " + std::to_string(count) +
                " CUDA device(s). Use --device cpu, or a LibTorch build with CUDA.");
}

void set_threads(std::int64_t threads) {
  if (threads > 0) set_thread_count(static_cast<int>(threads));
  at::set_num_threads(thread_count());
}

/// "  key = default   (range)" and, indented below it, what it is.
std::string key_help(const OptionSet::Description& option) {
  std::string expected = option.expected();
  if (!option.choices.empty()) {
    expected = option.choices.front();
    for (std::size_t i = 1; i < option.choices.size(); ++i) expected += " | " + option.choices[i];
  }
  return "  " + option.key + " = " + option.default_text + (expected.empty() ? "" : "   (" + expected + ")") +
         "\n      " + option.help + "\n";
}

}  // namespace

CommandLine::CommandLine(std::string command, std::string summary, std::string usage)
    : command_(std::move(command)), command_key_(command_), summary_(std::move(summary)), usage_(std::move(usage)) {
  const auto common = [this](const char* name, const char* placeholder, const char* help, const char* key = "") {
    flags_.push_back({name, placeholder, help, key, true});
  };
  common("seed", "N", "seed of every random number (default 0)", "seed");
  common("device", "cpu|cuda[:i]", "where tensors live (default cpu)", "device");
  common("threads", "N", "threads of every parallel loop (default: all cores)");
  common("config", "FILE.toml", "read option keys from a file");
  common("set", "KEY=VALUE", "set one option key; may be repeated");
  common("quiet", "", "no progress on stderr");
  common("json", "", "print the result as one JSON object on stdout");
  common("help", "", "print this text");
}

void CommandLine::add(Flag flag) { flags_.push_back(std::move(flag)); }
void CommandLine::add_argument(const std::string& name) { argument_ = name; }
void CommandLine::add_arguments(const std::string& name) {
  argument_ = name;
  many_arguments_ = true;
}
void CommandLine::add_flag(const std::string& name, const std::string& placeholder, const std::string& help) {
  add({name, placeholder, help, "", false});
}
void CommandLine::add_switch(const std::string& name, const std::string& help) { add({name, "", help, "", false}); }
void CommandLine::add_shorthand(const std::string& name, const std::string& placeholder, const std::string& key,
                                const std::string& help) {
  add({name, placeholder, help, key, false});
}
void CommandLine::add_mu(const std::string& table, const std::string& help) {
  add({kMuFlag, "LIST", help, table + ".mu", false});
}
void CommandLine::add_example(const std::string& line) { examples_.push_back(line); }

/// Every value is taken as text: the option keys know their types and say what they expect.
cxxopts::Options CommandLine::make_options() const {
  cxxopts::Options options("scorefield " + command_);
  for (const auto& flag : flags_) {
    std::shared_ptr<cxxopts::Value> value = cxxopts::value<std::string>();
    if (flag.placeholder.empty()) value = cxxopts::value<bool>();
    options.add_options()(flag.name == "help" ? "h,help" : flag.name, flag.help, value, flag.placeholder);
  }
  return options;
}

void CommandLine::parse(int argc, const char* const* argv) {
  cxxopts::Options options = make_options();
  options.allow_unrecognised_options();  // so that parse() below can name the nearest known flag
  if (!argument_.empty()) {
    std::shared_ptr<cxxopts::Value> value = cxxopts::value<std::string>();
    if (many_arguments_) value = cxxopts::value<std::vector<std::string>>();
    options.add_options()(argument_, "", value);
    options.parse_positional({argument_});
  }
  try {
    const auto result = options.parse(argc, argv);
    for (const auto& word : result.unmatched()) {
      if (word.rfind("-", 0) != 0)
        throw UsageError("unexpected argument '" + word + "'. Usage: scorefield " + command_ + " " + usage_);
      std::vector<std::string> known;
      for (const auto& flag : flags_) known.push_back("--" + flag.name);
      throw UsageError(unknown_name_message("flag", word.substr(0, word.find('=')), known));
    }
    for (const auto& argument : result.arguments()) given_.emplace_back(argument.key(), argument.value());
  } catch (const cxxopts::exceptions::exception& error) {
    throw UsageError(std::string(error.what()) + ". Usage: scorefield " + command_ + " " + usage_);
  }
  for (const auto& [name, text] : given_)
    if (text.empty() || text.rfind("--", 0) == 0)  // the next flag taken for this one's value
      throw UsageError("--" + name + " needs a value, got '" + text + "'.");
  common_.quiet = has("quiet");
  common_.json = has("json");
}

bool CommandLine::has(const std::string& name) const { return value(name).has_value(); }

std::optional<std::string> CommandLine::value(const std::string& name) const {
  for (auto given = given_.rbegin(); given != given_.rend(); ++given)  // the last one counts
    if (given->first == name) return given->second;
  return std::nullopt;
}

std::vector<std::string> CommandLine::values(const std::string& name) const {
  std::vector<std::string> all;
  for (const auto& [given, text] : given_)
    if (given == name) all.push_back(text);
  return all;
}

std::string CommandLine::required(const std::string& name) const {
  if (const auto text = value(name)) return *text;
  const std::string what = name == argument_ ? usage_.substr(0, usage_.find(' ')) : "--" + name;
  throw UsageError(what + " is missing. Usage: scorefield " + command_ + " " + usage_);
}

void CommandLine::bind(OptionSet& set) {
  set.add(kCommandKey, command_key_, "the command that these options belong to");
  set.add("seed", common_.seed, any_number(), "seed of every random number");
  set.add("device", common_.device, "where tensors live: cpu, cuda or cuda:INDEX");
}

void CommandLine::load(OptionSet& set, const Document& document) const {
  set.load_toml(document.text, document.origin);
  if (command_key_ != command_)
    throw UsageError(document.origin + ": is a configuration of 'scorefield " + command_key_ +
                     "', not of 'scorefield " + command_ + "'.");
}

void CommandLine::resolve(OptionSet& set) {
  if (const auto path = value("config")) load(set, {data::read_text_file(*path), *path});
  for (const auto& [name, text] : given_)
    if (name == "set") set.set_assignment(text);
  for (const auto& flag : flags_) {
    const auto text = flag.key.empty() ? std::nullopt : value(flag.name);
    if (text && flag.name == kMuFlag) set_parameters(set, flag.key, values(flag.name));
    else if (text) set.set(flag.key, *text);
  }
  if (const auto threads = value("threads")) common_.threads = parse_count("threads", *threads, in(1, kMostThreads));
  check_device(common_.device);
  set_threads(common_.threads);
}

std::string CommandLine::flags_help(bool common) const {
  std::string text;
  for (const auto& flag : flags_) {
    if (flag.common != common) continue;
    std::string head = "  --" + flag.name + (flag.placeholder.empty() ? "" : " " + flag.placeholder);
    head.resize(std::max(kFlagColumn, head.size()) + 2, ' ');
    text += head + flag.help + (flag.key.empty() || common ? "" : " [" + flag.key + "]") + "\n";
  }
  return text;
}

std::string CommandLine::help_text(const OptionSet& set) const {
  std::string text =
      "scorefield " + command_ + ": " + summary_ + "\n\nUsage: scorefield " + command_ + " " + usage_ + "\n";
  if (const auto own = flags_help(false); !own.empty()) text += "\nFlags [and the key that each one sets]:\n" + own;
  text += "\nFlags of every command:\n" + flags_help(true);
  std::string keys;
  for (const auto& entry : set.entries())
    if (entry.key.find('.') != std::string::npos) keys += key_help(entry);  // root keys are flags or arguments
  if (!keys.empty()) text += "\nOption keys with their defaults, for --set KEY=VALUE or a TOML file:\n" + keys;
  text += "\nExamples:\n";
  for (const auto& example : examples_) text += "  " + example + "\n";
  return text;
}

std::int64_t parse_count(const std::string& flag, const std::string& text, const Range& range) {
  return parse_whole_number("--" + flag, text, range);
}

void check_output_differs(const std::string& output, const std::vector<std::string>& inputs) {
  for (const auto& input : inputs) {
    std::error_code missing;  // a file that does not exist yet is no other file
    if (std::filesystem::equivalent(output, input, missing))
      throw UsageError("--output " + output + " would replace " + input +
                       ", which this command reads. Name another file.");
  }
}

void print_warning(const std::string& command, const std::string& text) {
  std::cerr << "scorefield " << command << ": warning: " << text << std::endl;
}

}  // namespace scorefield::apps
