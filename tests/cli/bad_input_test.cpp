// Every kind of bad input: one message that says what is wrong, exit code 1 (failed) or 2 (misused), nothing left.

#include <cstdlib>
#include <filesystem>

#include "tests/cli/cli_fixture.hpp"
#include "tests/support/damage_file.hpp"

namespace scorefield::test {
namespace {

using ::testing::HasSubstr;

class BadInput : public Cli {
 protected:
  /// Each command that reads a file, with `file` in that place.
  static std::vector<std::vector<std::string>> readers(const std::string& file) {
    return {{"inspect", file},
            {"train", file, "--output", "out.h5"},
            {"infer", file, "--mu", "1.3", "--output", "out.h5"},
            {"evaluate", file, "--reference", file, "--output", "out.json"}};
  }

  void every_reader_fails(const std::string& file, const std::vector<std::string>& words) const {
    for (const auto& arguments : readers(file)) fail(1, arguments, words);
  }
};

TEST_F(BadInput, InstructionSetThatIsNoneIsRefusedByEveryCommand) {
  ::setenv("SCOREFIELD_ISA", "avx9", 1);
  for (const std::string command : {"generate", "train", "infer", "evaluate", "inspect", "list", "import", "sample",
                                    "compare", "calibrate", "benchmark"})
    fail(2, {command}, {"SCOREFIELD_ISA", "avx9", "portable, x86-64-v3, x86-64-v4"});
  ::unsetenv("SCOREFIELD_ISA");
}

TEST_F(BadInput, TooLittleMemoryIsSaidInASentence) {
  const auto result =
      run_command({"/bin/sh", "-c", "ulimit -v 8000000; exec \"$0\" \"$@\"", SCOREFIELD_BINARY, "sample", "banana",
                   "--method", "ula", "--particles", "1000000000", "--threads", "1", "--output", "out.h5"},
                  folder_.path());
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_EQ(result.err, "scorefield sample: out of memory. Use fewer particles or a smaller batch.\n");
  EXPECT_TRUE(folder_.listing().empty());
}

TEST_F(BadInput, MissingFile) { every_reader_fails("absent.h5", {"absent.h5", "no such file"}); }

TEST_F(BadInput, Directory) {
  std::filesystem::create_directory(folder_ / "folder.h5");
  every_reader_fails("folder.h5", {"folder.h5", "directory"});
}

TEST_F(BadInput, TextFile) {
  write_text(folder_ / "notes.h5", "x, v\n1.0, 2.0\n");
  every_reader_fails("notes.h5", {"notes.h5", "not an HDF5 file"});
}

TEST_F(BadInput, TruncatedFile) {
  succeed(tiny_generate("data.h5"));
  truncate_file(folder_ / "data.h5");
  every_reader_fails("data.h5", {"data.h5", "truncated"});
}

TEST_F(BadInput, WrongFormatVersion) {
  succeed(tiny_generate("data.h5"));
  succeed(tiny_train("data.h5", "model.h5", "1"));
  for (const std::string file : {"data.h5", "model.h5"}) set_format_version(folder_ / file, 999);
  for (const auto& arguments : readers("data.h5"))
    if (arguments.front() != "infer") fail(1, arguments, {"data.h5", "999"});
  fail(1, {"infer", "model.h5", "--mu", "1.3", "--output", "out.h5"}, {"model.h5", "999"});
}

TEST_F(BadInput, WrongKindOfFile) {
  succeed(tiny_generate("data.h5"));
  fail(1, {"infer", "data.h5", "--mu", "1.3", "--output", "out.h5"},
       {"data.h5", "scorefield/model", "scorefield/dataset"});
}

TEST_F(BadInput, NanSamples) {
  succeed(tiny_generate("data.h5"));
  set_first_value_nan(folder_ / "data.h5", "samples");
  fail(1, {"train", "data.h5", "--output", "out.h5", "--quiet"}, {"data.h5", "not finite"});
  succeed(tiny_generate("good.h5", "1"));
  fail(1, {"evaluate", "good.h5", "--reference", "data.h5", "--quiet"}, {"data.h5", "not finite"});
}

TEST_F(BadInput, ZeroParticles) {
  fail(2, {"generate", "two-stream", "--particles", "0", "--output", "out.h5"}, {"particles", "0"});
}

TEST_F(BadInput, UnknownKeyNamesTheNearest) {
  succeed(tiny_generate("data.h5"));
  fail(2, {"train", "data.h5", "--output", "out.h5", "--set", "training.setps=3"},
       {"'training.setps'", "did you mean 'training.steps'?"});
  write_text(folder_ / "options.toml", "[model]\nwidht = 8\n");
  fail(2, {"train", "data.h5", "--output", "out.h5", "--config", "options.toml"},
       {"options.toml", "'model.widht'", "did you mean 'model.width'?"});
}

TEST_F(BadInput, ValuesOfTheWrongType) {
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--mu", "1.2;1.3"}, {"1.2;1.3"});
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--set", "pic.cells=many"}, {"pic.cells", "whole number"});
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--set", "pic.shape=tcs"}, {"did you mean 'tsc'?"});
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--set", "pic.cells"}, {"key=value"});
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--threads", "none"}, {"--threads is 'none', expected"});
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--threads", "4000000"},
       {"--threads is 4000000, expected a whole number from 1 to 1024."});
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--particles", "99999999999"},
       {"99999999999", "pic.simulated_particles = 200000"});
  fail(2, {"generate", "oscillator", "--output", "out.h5", "--particles", "99999999999"},
       {"option 'generate.particles' is 99999999999, expected a whole number from 1 to"});
  fail(2, {"sample", "gaussian", "--output", "out.h5", "--particles", "99999999999999999999"},
       {"option 'sample.particles' is 99999999999999999999, expected a whole number from 2 to"});
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--mu", "1,0:1e300:1e-300"},
       {"holds more than 100000 values"});
  fail(2, {"sample", "gaussian", "--output", "out.h5", "--set", "langevin.step=inf"},
       {"option 'langevin.step' is inf, expected a number from 0 on."});
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--device", "gpu"}, {"--device", "gpu"});
  fail(2, {"train", "data.h5", "--output", "out.h5", "--time-limit", "soon"}, {"duration", "soon"});
}

TEST_F(BadInput, ConfigurationFiles) {
  fail(1, {"generate", "two-stream", "--output", "out.h5", "--config", "absent.toml"}, {"absent.toml"});
  write_text(folder_ / "broken.toml", "[pic\n");
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--config", "broken.toml"}, {"broken.toml", "TOML"});
  write_text(folder_ / "train.toml", "command = \"train\"\n");
  fail(2, {"generate", "two-stream", "--output", "out.h5", "--config", "train.toml"},
       {"train.toml", "scorefield train"});
}

TEST_F(BadInput, MissingArgumentsShowTheUsage) {
  fail(2, {"generate"}, {"PROBLEM is missing", "Usage: scorefield generate PROBLEM --output DATA.h5"});
  fail(2, {"generate", "two-stream"}, {"--output is missing"});
  fail(2, {"generate", "two-stream", "--output"}, {"output"});
  fail(2, {"generate", "two-stream", "--output", "--quiet"}, {"--output needs a value"});
  fail(2, {"generate", "two-stream", "surplus", "--output", "out.h5"}, {"unexpected argument 'surplus'"});
}

TEST_F(BadInput, UnwritableOutput) {
  succeed(tiny_generate("data.h5"));
  std::filesystem::create_directory(folder_ / "folder");
  for (const std::string output : {"no/such/folder/out.h5", "folder", "/proc/out.h5"}) {
    auto generate = tiny_generate(output);
    generate.emplace_back("--quiet");
    fail(1, generate, {output});
    fail(1, {"train", "data.h5", "--output", output, "--quiet", "--set", "training.steps=1"}, {output});
  }
}

TEST_F(BadInput, NoRoomForTheOutput) {
  // A limit on file sizes stands for a full disk: both end a write early.
  auto arguments = tiny_generate("out.h5");
  arguments.emplace_back("--quiet");
  std::vector<std::string> limited{"/bin/sh", "-c", "ulimit -f 16; exec \"$0\" \"$@\"", SCOREFIELD_BINARY};
  limited.insert(limited.end(), arguments.begin(), arguments.end());
  const auto result = run_command(limited, folder_.path());
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err, ::testing::HasSubstr("out.h5"));
  EXPECT_EQ(folder_.listing(), decltype(folder_.listing()){});
}

TEST_F(BadInput, OutputNeverReplacesAnInput) {
  succeed(tiny_generate("data.h5"));
  const std::string before = read_text(folder_ / "data.h5");
  fail(2, {"train", "data.h5", "--output", "./data.h5"}, {"would replace data.h5"});
  write_text(folder_ / "c.toml", "[training]\nsteps = 3\n");
  fail(2, {"train", "data.h5", "--config", "c.toml", "--output", "c.toml"}, {"would replace c.toml"});
  EXPECT_EQ(read_text(folder_ / "data.h5"), before);
}

TEST_F(BadInput, FailureKeepsTheOldOutput) {
  write_text(folder_ / "out.h5", "precious");
  fail(2, {"generate", "two-stream", "--particles", "0", "--output", "out.h5"}, {});
  EXPECT_EQ(read_text(folder_ / "out.h5"), "precious");
}

}  // namespace
}  // namespace scorefield::test
