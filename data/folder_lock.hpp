#pragma once

#include <string>

namespace scorefield::data {

/// Keeps a second run out of a folder whose files one run writes, reads and removes. Ends with the process; leaves no
/// file. Where the file system knows no locks, it keeps nobody out.
class FolderLock {
 public:
  /// @throws FileError where another run holds the folder
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int directory_;
};

}  // namespace scorefield::data
