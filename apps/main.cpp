// The scorefield binary: picks the subcommand, and is the one place where exceptions become exit codes.

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <iostream>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "apps/commands.hpp"
#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/simd/instruction_set.hpp"
#include "core/version.hpp"

namespace scorefield::apps {
namespace {

constexpr int kFailed = 1;
constexpr int kMisused = 2;
constexpr int kInterrupted = 130;
constexpr const char* kOutOfMemory = "out of memory. Use fewer particles or a smaller batch.";

struct Entry {
  const char* name;
  const char* summary;
  std::unique_ptr<Command> (*make)();
};

constexpr std::array kCommands{
    Entry{"generate", "run a high-fidelity generator and store its particles", make_generate},
    Entry{"train", "train a reduced model on a dataset", make_train},
    Entry{"infer", "predict the particles at any mu with a trained model", make_infer},
    Entry{"evaluate", "errors of a prediction beside baselines and noise floors", make_evaluate},
    Entry{"inspect", "say what a file holds", make_inspect},
    Entry{"list", "say what there is: problems, presets, methods, targets, experiments, metrics, options", make_list},
    Entry{"import", "convert particles of other programs to a dataset", make_import},
    Entry{"resample", "choose a few weighted particles that stand for all of a dataset", make_resample},
    Entry{"export", "write a dataset, rollout or samples for other programs", make_export},
    Entry{"sample", "draw particles from a target density", make_sample},
    Entry{"compare", "run a whole table of experiments", make_compare},
    Entry{"calibrate", "find the mu that explains observed samples", make_calibrate},
    Entry{"benchmark", "time the hot loops beside their references", make_benchmark},
};

void print_overview(std::ostream& out) {
  out << "scorefield " << version()
      << ": learns reduced models of kinetic systems and samples densities with particles.\n\n"
      << "Usage: scorefield COMMAND [ARGUMENTS]\n\nCommands:\n";
  for (const auto& command : kCommands)
    out << "  " << command.name << std::string(12 - std::string(command.name).size(), ' ') << command.summary << "\n";
  out << "\n'scorefield COMMAND --help' explains a command with its flags, option keys and examples.\n"
         "'scorefield --version' prints the version.\n\n"
         "Example, from nothing to a prediction and its errors:\n"
         "  scorefield generate two-stream --output train.h5\n"
         "  scorefield generate two-stream --mu 1.25,1.85 --seed 1 --output test.h5\n"
         "  scorefield train train.h5 --output model.h5 --time-limit 3m\n"
         "  scorefield infer model.h5 --mu 1.25,1.85 --output rollout.h5\n"
         "  scorefield evaluate rollout.h5 --reference test.h5 --training train.h5\n\n"
         "Exit codes: 0 done, 1 failed, 2 misused, 130 interrupted (the message says how to go on).\n";
}

const Entry& find_command(const std::string& name) {
  std::vector<std::string> existing;
  for (const auto& command : kCommands) {
    if (command.name == name) return command;
    existing.emplace_back(command.name);
  }
  throw UsageError(unknown_name_message("command", name, existing));
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

/// Messages are one line each: a line break inside one (a file name, a library's text) becomes a space.
int fail(const std::string& who, std::string message, int code) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::cout.flush();
  std::cerr << who << ": " << message << std::endl;
  return code;
}

int dispatch(int argc, const char* const* argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  if (name.empty()) {
    print_overview(std::cerr);
    return kMisused;
  }
  if (name == "--help" || name == "-h" || name == "help") return print_overview(std::cout), 0;
  if (name == "--version") return std::cout << "scorefield " << version() << "\n", 0;
  const Entry& entry = find_command(name);
  static_cast<void>(simd::instruction_set());  // refuses a SCOREFIELD_ISA that cannot be, before anything is done
  run_command(*entry.make(), entry.name, entry.summary, argc - 1, argv + 1);
  if (!std::cout.flush()) throw Error("standard output: writing the result failed. Is the disk full?");
  return 0;
}

}  // namespace
}  // namespace scorefield::apps

int main(int argc, char** argv) {
  using namespace scorefield;
  using namespace scorefield::apps;
  std::string who = "scorefield";
  for (const auto& command : kCommands)
    if (argc > 1 && std::string_view(argv[1]) == command.name) who += std::string(" ") + command.name;
  catch_interrupts();
#ifdef SIGXFSZ
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit is then a failed write with a message, not a sudden death
#endif
  try {
    return dispatch(argc, argv);
  } catch (const Interrupted& error) {
    return fail(who, error.what(), kInterrupted);
  } catch (const UsageError& error) {
    return fail(who, error.what(), kMisused);
  } catch (const c10::Error& error) {
    const std::string text = first_line(error.what_without_backtrace());
    return fail(who, text.find("can't allocate memory") == std::string::npos ? text : kOutOfMemory, kFailed);
  } catch (const std::bad_alloc&) {
    return fail(who, kOutOfMemory, kFailed);
  } catch (const std::exception& error) {
    return fail(who, error.what(), kFailed);
  }
}
