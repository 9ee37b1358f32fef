// Damaged files of every kind: a reader takes them or says in a sentence why not, and neither crashes, nor hangs, nor
// takes all memory. SCOREFIELD_MUTANTS=10000 is the long form; SCOREFIELD_SEED draws other mutants.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>
#include <stdexcept>
#include <vector>

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
constexpr std::uint64_t kBatch = 50;  ///< mutants that one child reads, unless one ends it

/// How the work on one mutant ended.
enum End { kAccepted, kRefused, kWithoutMessage, kOutOfMemory, kCrashed, kHung, kEnds };
constexpr const char* kEndTexts[kEnds] = {
    "is read", "is refused", "is refused without a message", "takes more than 2 GiB", "crashes", "hangs"};

struct Outcome {
  End end = kAccepted;
  double seconds = 0;
};

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

/// Of this process and its children that have ended.
double processor_seconds() {
  double seconds = 0;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    ::getrusage(who, &used);
    seconds += static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
  }
  return seconds;
}

/// From here on: so much more memory, and so many seconds.
void renew_limits() {
  ::alarm(12 * kSeconds);  // waiting counts as well as working, but others may have the processor
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto now = static_cast<std::uint64_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1;
  const rlimit memory{address_space() + kMemory, RLIM_INFINITY}, time{now + kSeconds, RLIM_INFINITY}, none{0, 0};
#ifndef __SANITIZE_ADDRESS__
  ::setrlimit(RLIMIT_AS, &memory);
#else
  (void)memory;
#endif
  ::setrlimit(RLIMIT_CPU, &time);
  ::setrlimit(RLIMIT_CORE, &none);
}

template <class Work>
End end_of(Work&& work) {
  try {
    work();
    return kAccepted;
  } catch (const std::bad_alloc&) {
    return kOutOfMemory;
  } catch (const std::logic_error&) {  // of the standard library, about nothing that a user knows
    return kWithoutMessage;
  } catch (const std::exception& error) {
    if (std::getenv("SCOREFIELD_SAY")) std::cerr << error.what() << std::endl;
    return says_something(error.what()) ? kRefused : kWithoutMessage;
  }
}

/// What children tell of their work while they live.
struct Report {
  std::atomic<std::uint64_t> done = 0;
  std::array<Outcome, kBatch> outcomes{};
};

/// work(i) for every i below `count`, in a child; where one dies of it, the next i is for another child.
template <class Work>
std::vector<Outcome> outcomes_in_children(std::uint64_t count, Work&& work) {
  void* shared = ::mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw std::bad_alloc();
  auto& report = *new (shared) Report;
  while (report.done < count) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (std::uint64_t i = report.done; i < count; report.done = ++i) {
        renew_limits();
        const double start = processor_seconds();
        const End end = end_of([&] { work(i); });
        report.outcomes[i] = {end, processor_seconds() - start};
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (report.done == count) break;
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const bool late = signal == SIGXCPU || signal == SIGKILL || signal == SIGALRM;
    report.outcomes[report.done] = {late ? kHung : kCrashed, late ? double{kSeconds} : 0};
    ++report.done;
  }
  const std::vector<Outcome> all(report.outcomes.begin(), report.outcomes.begin() + static_cast<std::ptrdiff_t>(count));
  ::munmap(shared, sizeof(Report));
  return all;
}

class Mutants : public ::testing::TestWithParam<Reader> {
 protected:
  [[nodiscard]] std::string path(std::uint64_t index) const {
    return folder.path(std::to_string(index) + "/" + GetParam().file);
  }

  /// The good file, in the folder of index 0.
  std::string good_file() {
    std::filesystem::create_directory(folder.path("0"));
    EXPECT_EQ(outcomes_in_children(1, [&](auto) { GetParam().make(path(0)); }).front().end, kAccepted);
    if (GetParam().hdf5) content_ = data::verify_seal(path(0)).value();
    const std::string bytes = bytes_of_file(path(0));  // before a checkpoint is removed by its run's end
    EXPECT_EQ(outcomes_in_children(1, [&](auto) { GetParam().read(path(0)); }).front().end, kAccepted);
    return bytes;
  }

  /// Puts the mutant of this number at path(index); bytes of most, where the file is HDF5 and has checksums, are
  /// damaged without them.
  void write_mutant(const std::string& whole, std::uint64_t number, std::uint64_t index) const {
    Dice dice(number);
    std::filesystem::remove_all(folder.path(std::to_string(index)));
    std::filesystem::create_directory(folder.path(std::to_string(index)));
    const auto write = [&](const std::string& bytes) { std::ofstream(path(index), std::ios::binary) << bytes; };
    if (!GetParam().hdf5) return write(mutated_bytes(whole, dice));
    const auto kind = number % 8;
    if (kind == 0) return write(mutated_bytes(whole, dice));
    write(whole.substr(0, content_));
    if (kind < 4) return write(mutated_bytes(whole.substr(0, content_), dice));
    mutate_hdf5(path(index), dice);
  }

  void keep(std::uint64_t number, std::uint64_t index) const {
    const char* to = std::getenv("SCOREFIELD_KEEP");
    if (!to) return;
    const auto name = GetParam().name + "-" + std::to_string(number) + "-" + GetParam().file;
    std::filesystem::copy_file(path(index), std::filesystem::path(to) / name,
                               std::filesystem::copy_options::overwrite_existing);
  }

  TemporaryFolder folder;
  std::uint64_t content_ = 0;  ///< bytes of the good file without its checksums
};

TEST_P(Mutants, AreReadOrRefused) {
  set_thread_count(1);
  const std::string whole = good_file();
  const auto count = number_from("SCOREFIELD_MUTANTS", 60), first = number_from("SCOREFIELD_SEED", 1) * 1000003;
  std::uint64_t ends[kEnds] = {};
  double longest = 0;
  for (std::uint64_t begin = 0; begin < count; begin += kBatch) {
    const auto size = std::min(kBatch, count - begin);
    (void)outcomes_in_children(size, [&](std::uint64_t i) { write_mutant(whole, first + begin + i, i); });
    const auto found = outcomes_in_children(size, [&](std::uint64_t i) { GetParam().read(path(i)); });
    for (std::uint64_t i = 0; i < size; ++i) {
      ++ends[found[i].end];
      longest = std::max(longest, found[i].seconds);
      if (found[i].end == kAccepted || found[i].end == kRefused) continue;
      keep(first + begin + i, i);
      ADD_FAILURE() << GetParam().name << ": mutant " << first + begin + i << " " << kEndTexts[found[i].end];
    }
  }
  std::cout << GetParam().name << ": " << count << " mutants, " << ends[kAccepted] << " read, " << ends[kRefused]
            << " refused, " << ends[kWithoutMessage] << " without a message, " << ends[kOutOfMemory]
            << " out of memory, " << ends[kCrashed] << " crashed, " << ends[kHung] << " hung; the longest took "
            << longest << " s of processor time" << std::endl;
}

INSTANTIATE_TEST_SUITE_P(Readers, Mutants, ::testing::ValuesIn(readers()), [](const auto& info) {
  std::string name = info.param.name;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace scorefield::test
