#include "data/atomic_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "data/folder_lock.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::data {
namespace {

using Names = std::vector<std::string>;

class Atomic : public ::testing::Test {
 protected:
  test::TemporaryFolder folder;
  const std::string path = folder.path("out.txt");
};

void write_plain(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST_F(Atomic, AppearsOnCommitAndNotBefore) {
  AtomicFile file(path);
  write_plain(file.temporary_path(), "new");
  EXPECT_FALSE(std::filesystem::exists(path));
  file.commit();
  EXPECT_EQ(folder.listing(), Names{"out.txt"});
  EXPECT_EQ(read_text_file(path), "new");
}

TEST_F(Atomic, WithoutCommitTheOldFileStays) {
  write_plain(path, "old");
  {
    const AtomicFile file(path);
    write_plain(file.temporary_path(), "half a n");
  }
  EXPECT_EQ(folder.listing(), Names{"out.txt"});
  EXPECT_EQ(read_text_file(path), "old");
}

TEST_F(Atomic, TemporaryIsHiddenBesideItsDestination) {
  const AtomicFile file(path);
  const std::filesystem::path temporary = file.temporary_path();
  EXPECT_EQ(temporary.parent_path(), folder.path());
  EXPECT_TRUE(temporary.filename().string().starts_with(".out.txt."));
}

TEST_F(Atomic, TwoWritersOfOneFileDoNotMeet) {
  AtomicFile first(path), second(path);
  ASSERT_NE(first.temporary_path(), second.temporary_path());
  write_plain(first.temporary_path(), "first");
  write_plain(second.temporary_path(), "second");
  first.commit();
  second.commit();
  EXPECT_EQ(read_text_file(path), "second");
  EXPECT_EQ(folder.listing(), Names{"out.txt"});
}

TEST_F(Atomic, MovingKeepsTheTemporary) {
  AtomicFile first(path);
  write_plain(first.temporary_path(), "moved");
  AtomicFile second = std::move(first);
  second.commit();
  EXPECT_EQ(read_text_file(path), "moved");
}

TEST_F(Atomic, PermissionsFollowTheUmask) {
  const mode_t before = ::umask(027);
  write_text_file(path, "text");
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST_F(Atomic, LinksAreWrittenThrough) {
  const std::string link = folder.path("link.txt");
  write_plain(path, "old");
  std::filesystem::create_symlink(path, link);
  write_text_file(link, "new");
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(read_text_file(path), "new");
}

TEST_F(Atomic, LinksToFilesThatAreNotThereYetAreKept) {
  std::filesystem::create_symlink("out.txt", folder.path("relative.txt"));
  std::filesystem::create_symlink(folder.path("relative.txt"), folder.path("chain.txt"));
  write_text_file(folder.path("chain.txt"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("chain.txt")));
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path("relative.txt")));
  EXPECT_EQ(read_text_file(folder.path("out.txt")), "new");
  std::filesystem::create_symlink("loop.txt", folder.path("loop.txt"));
  test::expect_error<FileError>([&] { const AtomicFile file(folder.path("loop.txt")); }, {"loop.txt", "leads nowhere"});
  std::filesystem::create_symlink("absent/out.txt", folder.path("astray.txt"));
  test::expect_error<FileError>([&] { const AtomicFile file(folder.path("astray.txt")); }, {"absent"});
}

// A killed run leaves a temporary whose lock ended with its process; one at work holds its lock.
TEST_F(Atomic, LeftoversOfTheSameDestinationAreRemoved) {
  const std::string dead = ".out.txt.12345-0.partial", alive = ".out.txt.12346-0.partial";
  const std::string other = ".other.txt.12345-0.partial";
  for (const auto& name : {dead, alive, other}) write_plain(folder.path(name), "left");
  const int lock = ::open(folder.path(alive).c_str(), O_RDWR);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  write_text_file(path, "new");
  ::close(lock);
  EXPECT_EQ(folder.listing(), (Names{other, alive, "out.txt"}));
}

TEST_F(Atomic, TextComesBackByteForByte) {
  const std::string text("a\r\nb\0c\n", 7);
  write_text_file(path, text);
  EXPECT_EQ(read_text_file(path), text);
  write_text_file(path, "");
  EXPECT_EQ(read_text_file(path), "");
}

TEST_F(Atomic, AFolderIsOneRunsAtATime) {
  {
    const FolderLock mine(folder.path());
    test::expect_error<FileError>([&] { const FolderLock second(folder.path()); }, {folder.path(), "another run"});
  }
  EXPECT_NO_THROW(FolderLock{folder.path()});
  EXPECT_TRUE(folder.listing().empty());
}

}  // namespace
}  // namespace scorefield::data
