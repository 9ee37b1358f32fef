// Damaged files of every kind: a reader takes them or says in a sentence why not, and neither crashes, nor hangs, nor
// takes all memory. SCOREFIELD_MUTANTS=10000 is the long form; SCOREFIELD_SEED draws other mutants.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "data/seal.hpp"
#include "tests/fuzz/mutate.hpp"
#include "tests/fuzz/readers.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

constexpr int kSeconds = 10;
constexpr std::uint64_t kMemory = std::uint64_t{2} << 30;

/// How a child ended.
enum End { kAccepted = 0, kRefused = 3, kWithoutMessage = 4, kOutOfMemory = 5, kCrashed, kHung };

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

std::string bytes_of_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::uint64_t address_space() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// A message for people: something, and on one line but for what a file itself says.
bool says_something(const std::string& message) { return message.size() > 8; }

template <class Work>
[[noreturn]] void work_and_exit(Work&& work) {
  ::alarm(3 * kSeconds);  // waiting counts as well as working
  const rlimit memory{address_space() + kMemory, address_space() + kMemory};
  const rlimit time{kSeconds, kSeconds}, none{0, 0};
#ifndef __SANITIZE_ADDRESS__
  ::setrlimit(RLIMIT_AS, &memory);
#else
  (void)memory;
#endif
  ::setrlimit(RLIMIT_CPU, &time);
  ::setrlimit(RLIMIT_CORE, &none);
  try {
    work();
    ::_exit(kAccepted);
  } catch (const std::bad_alloc&) {
    ::_exit(kOutOfMemory);
  } catch (const std::exception& error) {
    if (std::getenv("SCOREFIELD_SAY")) std::cerr << error.what() << std::endl;
    ::_exit(says_something(error.what()) ? kRefused : kWithoutMessage);
  }
}

template <class Work>
End end_of(Work&& work) {
  const pid_t child = ::fork();
  if (child == 0) work_and_exit(work);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) return static_cast<End>(WEXITSTATUS(status) == 1 ? kCrashed : WEXITSTATUS(status));
  const int signal = WTERMSIG(status);
  return signal == SIGXCPU || signal == SIGKILL || signal == SIGALRM ? kHung : kCrashed;
}

class Mutants : public ::testing::TestWithParam<Reader> {
 protected:
  [[nodiscard]] std::string path() const { return folder.path(GetParam().file); }

  /// Empties the folder and puts the mutant of this number there; bytes of even ones, where the file is HDF5 and has
  /// checksums, are damaged without them.
  void write_mutant(const std::string& whole, std::uint64_t number) const {
    Dice dice(number);
    std::filesystem::remove_all(folder.path());
    std::filesystem::create_directory(folder.path());
    const auto write = [&](const std::string& bytes) { std::ofstream(path(), std::ios::binary) << bytes; };
    if (!GetParam().hdf5) return write(mutated_bytes(whole, dice));
    const auto kind = number % 8;
    if (kind == 0) return write(mutated_bytes(whole, dice));
    write(whole.substr(0, content_));
    if (kind < 4) return write(mutated_bytes(whole.substr(0, content_), dice));
    (void)end_of([&] { mutate_hdf5(path(), dice); });
  }

  void keep(std::uint64_t number) const {
    const char* to = std::getenv("SCOREFIELD_KEEP");
    if (!to) return;
    const auto name = GetParam().name + "-" + std::to_string(number) + "-" + GetParam().file;
    std::filesystem::copy_file(path(), std::filesystem::path(to) / name,
                               std::filesystem::copy_options::overwrite_existing);
  }

  TemporaryFolder folder;
  std::uint64_t content_ = 0;  ///< bytes of the good file without its checksums
};

TEST_P(Mutants, AreReadOrRefused) {
  set_thread_count(1);
  ASSERT_EQ(end_of([&] { GetParam().make(path()); }), kAccepted);
  const std::string whole = bytes_of_file(path());
  if (GetParam().hdf5) content_ = data::verify_seal(path()).value();
  ASSERT_EQ(end_of([&] { GetParam().read(path()); }), kAccepted) << "the good file";
  const auto count = number_from("SCOREFIELD_MUTANTS", 60), first = number_from("SCOREFIELD_SEED", 1) * 1000003;
  std::uint64_t ends[8] = {};
  double longest = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    write_mutant(whole, first + i);
    const auto start = std::chrono::steady_clock::now();
    const End end = end_of([&] { GetParam().read(path()); });
    longest = std::max(longest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    ++ends[end];
    if (end == kAccepted || end == kRefused) continue;
    keep(first + i);
    ADD_FAILURE() << GetParam().name << ": mutant " << first + i
                  << (end == kHung          ? " hangs"
                      : end == kOutOfMemory ? " takes more than 2 GiB"
                      : end == kCrashed     ? " crashes"
                                            : " is refused without a message");
  }
  std::cout << GetParam().name << ": " << count << " mutants, " << ends[kAccepted] << " read, " << ends[kRefused]
            << " refused, " << ends[kWithoutMessage] << " without a message, " << ends[kOutOfMemory]
            << " out of memory, " << ends[kCrashed] << " crashed, " << ends[kHung] << " hung; the longest took "
            << longest << " s" << std::endl;
}

INSTANTIATE_TEST_SUITE_P(Readers, Mutants, ::testing::ValuesIn(readers()), [](const auto& info) {
  std::string name = info.param.name;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace scorefield::test
