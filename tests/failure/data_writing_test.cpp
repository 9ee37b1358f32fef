// Outputs that cannot be completed: the right error, the old file intact, nothing half-written left behind.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "tests/support/dataset_file.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::data {
namespace {

using test::expect_error;
using test::small_header;
using test::write_marked_dataset;
using test::write_marked_frames;
using Names = std::vector<std::string>;

class Writing : public ::testing::Test {
 protected:
  test::TemporaryFolder folder;
  const std::string path = folder.path("data.h5");
};

/// Stands in for a full disk: writing past `bytes` of any file fails from here to the end of the scope.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_ = SIG_DFL;
};

TEST_F(Writing, FullDiskLeavesTheOldFile) {
  write_marked_dataset(path);
  const auto size = std::filesystem::file_size(path);
  DatasetHeader other = small_header();
  other.provenance.seed = 43;
  for (const auto room : {rlim_t{0}, rlim_t{100}, rlim_t{1000}, size / 2, size - 1}) {
    ::testing::internal::CaptureStderr();
    {
      const FileSizeLimit limit(room);
      expect_error<FileError>([&] { write_marked_dataset(path, other); }, {path + ": ", "File too large"});
    }
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << room;
    EXPECT_EQ(folder.listing(), Names{"data.h5"}) << room;
    EXPECT_EQ(DatasetReader(path).header().provenance.seed, 42) << room;
  }
  write_marked_dataset(path, other);  // with room again, all is well
  EXPECT_EQ(DatasetReader(path).header().provenance.seed, 43);
}

TEST_F(Writing, FullDiskStillEndsTheProcessQuietly) {
  const auto fail_and_exit = [&] {
    const FileSizeLimit limit(1000);
    try {
      write_marked_dataset(path);
    } catch (const FileError&) {
      std::exit(3);
    }
  };
  EXPECT_EXIT(fail_and_exit(), ::testing::ExitedWithCode(3), ::testing::Eq(""));
}

TEST_F(Writing, FullDiskForText) {
  write_text_file(path, "old");
  const FileSizeLimit limit(10);
  expect_error<FileError>([&] { write_text_file(path, std::string(100000, 'x')); }, {path + ": ", "completely"});
  EXPECT_EQ(read_text_file(path), "old");
  EXPECT_EQ(folder.listing(), Names{"data.h5"});
}

TEST_F(Writing, KilledBeforeRename) {
  write_marked_dataset(path);
  const pid_t child = ::fork();
  if (child == 0) {
    DatasetHeader other = small_header();
    other.provenance.seed = 43;
    DatasetWriter writer(path, other);
    write_marked_frames(writer);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(DatasetReader(path).header().provenance.seed, 42);
  EXPECT_EQ(folder.listing().size(), 2u);  // the dead run's temporary is there,
  write_marked_dataset(path);
  EXPECT_EQ(folder.listing(), Names{"data.h5"});  // and the next run of the same output removes it
}

TEST_F(Writing, ExceptionBeforeCommit) {
  write_marked_dataset(path);
  EXPECT_THROW(
      {
        DatasetWriter writer(path, small_header());
        write_marked_frames(writer);
        throw Interrupted("stop");
      },
      Interrupted);
  EXPECT_EQ(folder.listing(), Names{"data.h5"});
  EXPECT_NO_THROW(DatasetReader{path});
}

TEST_F(Writing, UnwritableDestinations) {
  const auto refused = [&](const std::string& destination, const Names& words) {
    expect_error<FileError>([&] { DatasetWriter(destination, small_header()); }, words);
    expect_error<FileError>([&] { write_text_file(destination, "text"); }, words);
  };
  refused(folder.path(), {folder.path(), "is a directory"});
  refused(folder.path() + "/", {"is a directory"});
  refused(folder.path("none/data.h5"), {"none/data.h5", "no folder", "Create it"});
  refused("/dev/full", {"/dev/full", "not a regular file"});
  refused("", {"empty"});
  write_text_file(path, "old");
  refused(path + "/inside.h5", {"is not a folder"});
  refused(folder.path(std::string(300, 'x')), {"too long"});
  EXPECT_EQ(folder.listing(), Names{"data.h5"});
}

TEST_F(Writing, WriteProtection) {
  if (::geteuid() == 0) GTEST_SKIP() << "the superuser may write everywhere";
  write_text_file(path, "old");
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  expect_error<FileError>([&] { write_text_file(path, "new"); }, {path, "Permission denied"});
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  expect_error<FileError>([&] { write_text_file(folder.path("b.h5"), "new"); }, {"b.h5", "Permission denied"});
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  EXPECT_EQ(read_text_file(path), "old");
}

TEST_F(Writing, BadHeadersTouchNothing) {
  const auto refused = [&](auto&& spoil, const Names& words) {
    DatasetHeader header = small_header();
    spoil(header);
    expect_error<FileError>([&] { DatasetWriter(path, header); }, words);
  };
  refused([](auto& h) { h.particles = 0; }, {path, "0 particles"});
  refused([](auto& h) { h.mu.clear(); }, {"no value of mu"});
  refused([](auto& h) { h.mu[1] = {1, 2}; }, {"2 values", "1 names"});
  refused([](auto& h) { h.mu[0][0] = INFINITY; }, {"mu is not finite"});
  refused([](auto& h) { h.time.clear(); }, {"no time"});
  refused([](auto& h) { h.time[2] = h.time[1]; }, {"time [2]", "does not increase"});
  refused([](auto& h) { h.coordinates.clear(); }, {"no coordinates"});
  refused([](auto& h) { h.units.pop_back(); }, {"2 coordinates, 1 units and 2 periods"});
  refused([](auto& h) { h.periods[0] = -1; }, {"a period is -1"});
  refused([](auto& h) { h.provenance.format = kModelFormat; }, {"scorefield/model"});
  EXPECT_TRUE(folder.listing().empty());
}

TEST_F(Writing, BadFramesAreNamed) {
  DatasetWriter writer(path, small_header());
  std::vector<float> good(8, 0.5f), few(7, 0.5f), bad = good;
  bad[5] = NAN;
  expect_error<FileError>([&] { writer.write_frame(1, 2, bad, good); }, {path, "(mu 1, time 2), particle 2", "finite"});
  expect_error<FileError>([&] { writer.write_frame(1, 2, good, bad); }, {"(mu 1, time 2), particle 2", "finite"});
  expect_error<FileError>([&] { writer.write_frame(0, 0, few, good); }, {"7 sample", "8 velocity", "expected 8"});
  expect_error<FileError>([&] { writer.write_frame(0, 0, good); }, {"0 velocity"});
  expect_error<FileError>([&] { writer.write_frame(2, 0, good, good); }, {"(mu 2, time 0)", "outside of [2, 3]"});
  writer.write_frame(0, 0, good, good);
  expect_error<FileError>([&] { writer.commit(); }, {path, "(mu 0, time 1) was never given"});
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Writing, BadDiagnosticsAreNamed) {
  DatasetWriter writer(path, small_header());
  const auto refused = [&](const Diagnostics& diagnostics, const Names& words) {
    expect_error<FileError>([&] { writer.write_diagnostics(diagnostics); }, words);
  };
  refused({.time = {0, 1}, .series = {{"energy", {{2, 3}, std::vector<double>(6)}}}}, {"'energy'", "[2, 3]", "[2, 2]"});
  refused({.time = {0, 1}, .series = {{"energy", {{2, 2}, {0, 1, NAN, 3}}}}}, {"'energy'", "not finite"});
  refused({.time = {1, 0}, .series = {}}, {"does not increase"});
  refused({.time = {0, 1}, .series = {{"energy", {{2, 2}, {0, 1, 2}}}}}, {"energy", "3 values", "[2, 2]"});
}

}  // namespace
}  // namespace scorefield::data
