#include "data/h5_guard.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <tuple>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/h5_handle.hpp"

namespace scorefield::h5 {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr std::uint64_t kExtraMemory = 1024 * kMebibyte;  ///< of the child, beside what it begins with
constexpr std::uint64_t kReadNumbers = 64 * kMebibyte;    ///< in all, of a file
constexpr std::uint64_t kSeconds = 1;                     ///< of processor time for an object, and one for every
constexpr std::uint64_t kBytesASecond = 100 * kMebibyte;
constexpr char kThrough = '.';  ///< ends the child's report

/// What the child has read of the numbers.
struct Walk {
  /// Nothing is thrown through HDF5: without memory it is empty.
  struct Buffer {
    Buffer() = default;
    explicit Buffer(std::size_t size) : values(new(std::nothrow) char[size]()), bytes(values ? size : 0) {}
    [[nodiscard]] std::size_t size() const { return bytes; }
    std::unique_ptr<char[]> values;
    std::size_t bytes = 0;
  };
  Buffer buffer;
  std::uint64_t read = 0;
  std::uint64_t seconds = kSeconds;
  std::string complaint;  ///< HDF5's first one about what every file must have
  std::string object;     ///< where the walk is
  std::string texts;      ///< put() one after the other: object, attribute, their number, the texts

  void put(const std::string& word) {
    const std::uint64_t size = word.size();
    texts.append(reinterpret_cast<const char*>(&size), sizeof size).append(word);
  }

  /// Whether a call succeeded; its complaint is kept where it did not.
  bool check(bool succeeded) {
    if (!succeeded && complaint.empty()) complaint = last_failure().reason;
    return succeeded;
  }

  /// Another object, another time limit.
  void renew() const {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto now = static_cast<std::uint64_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1;
    const rlimit next{now + seconds, RLIM_INFINITY};
    ::setrlimit(RLIMIT_CPU, &next);
  }

  /// Room for so many elements; null where that is too much.
  [[nodiscard]] void* room(hssize_t count, std::size_t width, std::uint64_t most) {
    if (count <= 0 || width == 0 || static_cast<std::uint64_t>(count) > most / width) return nullptr;
    const std::size_t size = static_cast<std::size_t>(count) * width;
    if (buffer.size() < size) buffer = Buffer(size);
    return buffer.values.get();
  }
};

/// Texts of variable length are in memory where reading has put them.
bool varies(hid_t type) { return H5Tdetect_class(type, H5T_VLEN) > 0 || H5Tis_variable_str(type) > 0; }

herr_t walk_attribute(hid_t object, const char* name, const H5A_info_t*, void* data) {
  auto& walk = *static_cast<Walk*>(data);
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
  if (!walk.check(attribute.valid())) return 0;
  const Handle stored(H5Aget_type(attribute.get()), H5Tclose), space(H5Aget_space(attribute.get()), H5Sclose);
  const Handle type(H5Tget_native_type(stored.get(), H5T_DIR_DEFAULT), H5Tclose);
  if (!type.valid()) return 0;
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  void* room = walk.room(count, H5Tget_size(type.get()), kExtraMemory / 4);
  if (!room) return 0;
  const bool good = H5Aread(attribute.get(), type.get(), room) >= 0;
  if (!good || !varies(type.get())) return 0;
  if (H5Tis_variable_str(type.get()) > 0) {
    const std::span values(static_cast<char**>(room), static_cast<std::size_t>(count));
    for (const auto& word : {walk.object, std::string(name), std::to_string(count)}) walk.put(word);
    for (const char* value : values) walk.put(value ? value : "");
  }
  H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, room);
  return 0;
}

void walk_dataset(hid_t dataset, Walk& walk) {
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose), space(H5Dget_space(dataset), H5Sclose);
  const Handle stored(H5Dget_type(dataset), H5Tclose);
  H5Dget_storage_size(dataset);
#if H5_VERSION_GE(1, 10, 5)
  hsize_t chunks = 0;
  if (H5Pget_layout(creation.get()) == H5D_CHUNKED) H5Dget_num_chunks(dataset, space.get(), &chunks);
#endif
  if (H5Pget_layout(creation.get()) == H5D_VIRTUAL) return;  // other files, which are opened as such
  const Handle type(H5Tget_native_type(stored.get(), H5T_DIR_DEFAULT), H5Tclose);
  if (!type.valid() || varies(type.get())) return;  // such arrays are never read
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  void* room = walk.room(count, H5Tget_size(type.get()), kReadNumbers - walk.read);
  if (!room) return;
  walk.read += static_cast<std::uint64_t>(count) * H5Tget_size(type.get());
  const bool good = H5Dread(dataset, type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, room) >= 0;
  // Filters and other files may be missing where nothing is damaged.
  if (H5Pget_nfilters(creation.get()) == 0 && H5Pget_external_count(creation.get()) == 0) walk.check(good);
}

herr_t walk_object(hid_t root, const char* name, const H5O_info_t* info, void* data) {
  auto& walk = *static_cast<Walk*>(data);
  walk.renew();
  walk.object = name;
  const Handle object(H5Oopen(root, name, H5P_DEFAULT), H5Oclose);
  if (!walk.check(object.valid())) return 0;
  walk.check(H5Aiterate2(object.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, walk_attribute, data) >= 0);
  if (info->type == H5O_TYPE_DATASET) walk_dataset(object.get(), walk);
  return 0;
}

void limit(int resource, std::uint64_t value) {
  const rlimit both{value, value};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

std::uint64_t address_space() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// The child: silent, limited, and ended without any clean-up.
[[noreturn]] void walk_and_exit(const std::string& path, std::uint64_t bytes, int done) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) ::signal(signal, SIG_DFL);
  for (const int signal : kEndingSignals) ::signal(signal, SIG_IGN);  // the parent looks after them
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, stream);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_AS, address_space() + kExtraMemory);
  ::mallopt(M_PERTURB, 0x5a);  // what HDF5 forgets to fill is found here
  Walk walk;
  walk.seconds += bytes / kBytesASecond;
  walk.renew();
  {
    const Handle access = file_access();
    const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
    if (file.valid()) walk.check(H5Ovisit(file.get(), H5_INDEX_NAME, H5_ITER_NATIVE, walk_object, &walk) >= 0);
  }  // closing is a part of it
  walk.put(walk.complaint);
  walk.texts.push_back(kThrough);
  for (std::string_view left = walk.texts; !left.empty();) {
    const ssize_t written = ::write(done, left.data(), left.size());
    if (written <= 0) ::_exit(1);
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  ::_exit(0);
}

/// What the child says where it comes to the end; else empty. @throws Interrupted
std::string report_of(pid_t child, int done) {
  std::string report, piece(1 << 16, '\0');
  for (pollfd wait{done, POLLIN, 0};;) {
    if (::poll(&wait, 1, 100) > 0) {
      const ssize_t got = ::read(done, piece.data(), piece.size());
      if (got > 0) report.append(piece, 0, static_cast<std::size_t>(got));
      if (got > 0 || (got < 0 && errno == EINTR)) continue;
      return report.ends_with(kThrough) ? report.substr(0, report.size() - 1) : "";
    }
    if (!interrupt_requested()) continue;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    throw Interrupted("interrupted; nothing was written.");
  }
}

/// The words of a report, the last of which is HDF5's complaint.
std::vector<std::string> words_of(std::string_view report) {
  std::vector<std::string> words;
  for (std::uint64_t size = 0; report.size() >= sizeof size; report.remove_prefix(size)) {
    std::memcpy(&size, report.data(), sizeof size);
    report.remove_prefix(sizeof size);
    size = std::min<std::uint64_t>(size, report.size());
    words.emplace_back(report.substr(0, size));
  }
  return words;
}

Texts texts_of(const std::vector<std::string>& words) {
  Texts texts;
  for (std::size_t at = 0; at + 3 < words.size();) {
    auto& values = texts[{words[at], words[at + 1]}];
    const auto first = words.begin() + static_cast<std::ptrdiff_t>(at + 3);
    const auto count = std::min<std::size_t>(std::strtoull(words[at + 2].c_str(), nullptr, 10), words.size() - at - 3);
    values.assign(first, first + static_cast<std::ptrdiff_t>(count));
    at += 3 + count;
  }
  return texts;
}

using Identity = std::tuple<dev_t, ino_t, off_t, time_t, long>;

}  // namespace

std::shared_ptr<const Texts> require_readable(const std::string& path) {
  static std::map<Identity, std::shared_ptr<const Texts>> known;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return nullptr;  // whoever opens it will say so
  const Identity identity{status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
  if (const auto found = known.find(identity); found != known.end()) return found->second;
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return nullptr;
  const pid_t child = ::fork();
  if (child == 0) walk_and_exit(path, static_cast<std::uint64_t>(status.st_size), pipe[1]);
  ::close(pipe[1]);
  struct Closing {
    int descriptor;
    ~Closing() { ::close(descriptor); }
  } closing{pipe[0]};
  if (child < 0) return nullptr;  // no memory for a second process: read as it is
  const std::string report = report_of(child, pipe[0]);
  int end = 0;
  const bool known_end = ::waitpid(child, &end, 0) == child;
  if (report.size() < sizeof(std::uint64_t)) {
    const bool endless = known_end && WIFSIGNALED(end) && (WTERMSIG(end) == SIGXCPU || WTERMSIG(end) == SIGKILL);
    throw FileError(path, std::string("is a damaged HDF5 file: the HDF5 library ") +
                              (endless ? "never comes to its end" : "does not survive reading it") +
                              ". Copy or generate it again.");
  }
  const auto words = words_of(report);
  if (!words.back().empty())
    throw FileError(path, "is a damaged HDF5 file (" + words.back() + "). Copy or generate it again.");
  return known[identity] = std::make_shared<const Texts>(texts_of(words));
}

}  // namespace scorefield::h5
