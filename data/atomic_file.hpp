#pragma once

#include <string>

namespace scorefield::data {

/// A file that appears complete or not at all: it is written under a temporary name beside its destination,
/// and commit() flushes it to disk and renames it. Without commit() the destructor removes the temporary, so an
/// existing file of that name survives every failure.
class AtomicFile {
 public:
  /// Checks at once that the destination can be written (folder exists and is writable, not a directory).
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
};

/// Writes a whole text file atomically. @throws FileError
void write_text_file(const std::string& path, const std::string& text);

/// Reads a whole text file. @throws FileError
[[nodiscard]] std::string read_text_file(const std::string& path);

}  // namespace scorefield::data
