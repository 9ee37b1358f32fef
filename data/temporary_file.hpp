#pragma once

#include <string>
#include <utility>

namespace scorefield::data {

/// A file that exists no longer than this object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  ~TemporaryFile();
  TemporaryFile(TemporaryFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A hidden name for this process beside the file `beside`, or in the system's temporary folder if that place is not
/// writable.
[[nodiscard]] std::string temporary_path(const std::string& beside, const std::string& purpose);

}  // namespace scorefield::data
