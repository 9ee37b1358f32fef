#pragma once

namespace scorefield::apps {

/// The subcommands. Each takes its own command line (argv[0] is the subcommand's name), prints its result on
/// stdout and throws on failure; main() alone turns exceptions into messages and exit codes.
void run_generate(int argc, const char* const* argv);
void run_train(int argc, const char* const* argv);
void run_infer(int argc, const char* const* argv);
void run_evaluate(int argc, const char* const* argv);
void run_compare(int argc, const char* const* argv);
void run_calibrate(int argc, const char* const* argv);
void run_import(int argc, const char* const* argv);
void run_inspect(int argc, const char* const* argv);
void run_list(int argc, const char* const* argv);
void run_sample(int argc, const char* const* argv);
void run_benchmark(int argc, const char* const* argv);

}  // namespace scorefield::apps
