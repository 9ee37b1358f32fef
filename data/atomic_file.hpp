#pragma once

#include <string>

namespace scorefield::data {

/// A file that appears complete or not at all: it is written under a temporary name beside its destination
/// (".NAME.PID-N.partial", permissions by umask), and commit() flushes it to disk and renames it. Without commit() the
/// destructor removes the temporary, so an existing file of that name survives every failure. What a killed run has
/// left is removed by the next writer of the same destination. A destination that is a link is written through.
class AtomicFile {
 public:
  /// Checks at once that the destination can be written (folder exists and is writable; neither a directory nor a
  /// device), and creates the empty temporary.
  /// @throws FileError
  explicit AtomicFile(std::string destination);
  ~AtomicFile();
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Where to write until commit().
  [[nodiscard]] const std::string& temporary_path() const { return temporary_; }
  [[nodiscard]] const std::string& destination() const { return destination_; }

  /// fsync and rename to the destination. Every handle on the temporary must be closed. @throws FileError
  void commit();

 private:
  std::string destination_;
  std::string temporary_;
  int lock_ = -1;  ///< descriptor of the temporary; its lock tells other processes that a writer is alive
};

/// Writes a whole text file atomically. @throws FileError
void write_text_file(const std::string& path, const std::string& text);

/// Reads a whole text file. @throws FileError
[[nodiscard]] std::string read_text_file(const std::string& path);

}  // namespace scorefield::data
