#include "data/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "core/error.hpp"

namespace scorefield::data {

FolderLock::FolderLock(const std::string& folder)
    : directory_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (directory_ < 0 || ::flock(directory_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(directory_);
  throw FileError(folder, "another run is at work in this folder. Wait for it, or name another one.");
}

FolderLock::~FolderLock() {
  if (directory_ >= 0) ::close(directory_);
}

}  // namespace scorefield::data
