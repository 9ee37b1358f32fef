#include "data/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "core/error.hpp"

namespace scorefield::data {
namespace {

namespace fs = std::filesystem;

std::string system_reason() { return std::strerror(errno); }

/// Where a link points, also to a file that is not there yet, so that writing through a link keeps the link.
std::string resolve(const std::string& path) {
  constexpr int kMostLinks = 40;  // as the kernel's
  fs::path place = path;
  std::error_code error;
  for (int i = 0; fs::is_symlink(place, error); ++i) {
    const fs::path target = fs::read_symlink(place, error);
    if (error || i == kMostLinks) throw FileError(path, "is a link that leads nowhere. Name another output.");
    place = place.parent_path() / target;  // an absolute target stands for itself
  }
  return place.string();
}

std::string folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

void check_destination(const std::string& path) {
  if (path.empty()) throw FileError("(output)", "the name of the file to write is empty.");
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  if (fs::is_directory(status) || fs::path(path).filename().empty())
    throw FileError(path, "is a directory, cannot be written as a file. Name a file in it.");
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw FileError(path, "is not a regular file, cannot be replaced. Name another output.");
  if (fs::exists(status) && ::access(path.c_str(), W_OK) != 0)
    throw FileError(path, "exists and cannot be overwritten (" + system_reason() + ").");
  const std::string folder = folder_of(path);
  if (!fs::exists(folder, ignored))
    throw FileError(path, "cannot be written: there is no folder '" + folder + "'. Create it first.");
  if (!fs::is_directory(folder, ignored)) throw FileError(path, "cannot be written: '" + folder + "' is not a folder.");
}

/// Temporaries of one destination are ".NAME.UNIQUE.partial" beside it.
std::string temporary_prefix(const std::string& destination) {
  std::string prefix(1, '.');
  return prefix.append(fs::path(destination).filename().string()).append(1, '.');
}
constexpr const char* kTemporarySuffix = ".partial";

/// Removes what killed runs of the same destination have left. A run at work holds a lock on its temporary, which
/// ends with its process, so a temporary that can be locked belongs to nobody.
void remove_leftovers(const std::string& destination) {
  const std::string prefix = temporary_prefix(destination);
  std::error_code error;
  for (fs::directory_iterator entry(folder_of(destination), error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(kTemporarySuffix)) continue;
    const int file = ::open(entry->path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) continue;
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(entry->path().c_str());
    ::close(file);
  }
}

/// Creates and locks a new temporary; returns its open descriptor.
int create_temporary(const std::string& destination, std::string& temporary) {
  static std::atomic<unsigned> serial{0};
  const std::string stem = (fs::path(folder_of(destination)) / temporary_prefix(destination)).string();
  while (true) {
    temporary = stem + std::to_string(::getpid()) + "-" + std::to_string(serial++) + kTemporarySuffix;
    const int file = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 && errno == EEXIST) continue;
    if (file < 0) throw FileError(destination, "cannot be written (" + system_reason() + ").");
    struct stat status {};
    const bool locked = ::flock(file, LOCK_EX) == 0;
    // Another run's clean-up may have come between creation and lock; then the name is gone and we try again.
    if (!locked || (::fstat(file, &status) == 0 && status.st_nlink > 0)) return file;
    ::close(file);
  }
}

/// Makes a rename itself durable. Some file systems cannot; that is no failure.
void sync_folder(const std::string& folder) {
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return;
  ::fsync(directory);
  ::close(directory);
}

}  // namespace

AtomicFile::AtomicFile(std::string destination) : destination_(resolve(destination)) {
  check_destination(destination_);
  remove_leftovers(destination_);
  lock_ = create_temporary(destination_, temporary_);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : destination_(std::move(other.destination_)),
      temporary_(std::exchange(other.temporary_, {})),
      lock_(std::exchange(other.lock_, -1)) {}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  if (lock_ >= 0) ::close(lock_);
}

void AtomicFile::commit() {
  if (temporary_.empty()) throw FileError(destination_, "was committed already.");
  if (::fsync(lock_) != 0) throw FileError(destination_, "could not be written completely (" + system_reason() + ").");
  if (::rename(temporary_.c_str(), destination_.c_str()) != 0)
    throw FileError(destination_, "could not be put into place (" + system_reason() + ").");
  temporary_.clear();
  ::close(std::exchange(lock_, -1));
  sync_folder(folder_of(destination_));
}

void write_text_file(const std::string& path, const std::string& text) {
  AtomicFile file(path);
  std::ofstream stream(file.temporary_path(), std::ios::binary);
  stream << text;
  stream.close();
  if (!stream) throw FileError(path, "could not be written completely (" + system_reason() + ").");
  file.commit();
}

std::string read_text_file(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::exists(status)) throw FileError(path, "no such file.");
  if (fs::is_directory(status)) throw FileError(path, "is a directory, expected a text file.");
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream.is_open() || stream.bad()) throw FileError(path, "cannot be read (" + system_reason() + ").");
  return text.str();
}

}  // namespace scorefield::data
