#include <algorithm>
#include <filesystem>
#include <map>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/import/array_source.hpp"
#include "data/import/numpy_array.hpp"

namespace scorefield::data {
namespace {

std::int64_t number(const std::string& bytes, std::size_t at, int width) {
  std::int64_t value = 0;
  for (int i = 0; i < width; ++i)
    value |= std::int64_t{static_cast<unsigned char>(bytes.at(at + static_cast<std::size_t>(i)))} << (8 * i);
  return value;
}

/// A zip archive of .npy files, which its directory at the end lists.
class NpzFile : public ArrayFile {
 public:
  explicit NpzFile(std::string path) : path_(std::move(path)) {
    const auto size = static_cast<std::int64_t>(std::filesystem::file_size(path_));
    const std::int64_t tail_size = std::min<std::int64_t>(size, 66000);
    const std::string tail = read_bytes(path_, size - tail_size, tail_size);
    const auto end = tail.rfind("PK\5\6");
    if (end == std::string::npos || end + 22 > tail.size())
      throw FileError(path_, "is a zip archive without its directory: truncated. Write or copy it again.");
    const std::int64_t entries = number(tail, end + 10, 2);
    const std::string directory = read_bytes(path_, number(tail, end + 16, 4), number(tail, end + 12, 4));
    std::size_t at = 0;
    for (std::int64_t i = 0; i < entries; ++i) at = add_entry(directory, at);
  }
  [[nodiscard]] bool has(const std::string& name) const override { return offsets_.contains(name); }
  [[nodiscard]] std::unique_ptr<ForeignArray> array(const std::string& name) const override {
    if (has(name)) return std::make_unique<NumpyArray>(path_, offsets_.at(name));
    std::vector<std::string> names;
    for (const auto& [known, offset] : offsets_) names.push_back(known);
    throw FileError(path_,
                    "has no array '" + name + "'; there are: " + (names.empty() ? "none" : comma_joined(names)) + ".");
  }

 private:
  /// Reads the directory's entry at byte `at`. @return where the next one begins
  std::size_t add_entry(const std::string& directory, std::size_t at) {
    if (at + 46 > directory.size() || directory.compare(at, 4, "PK\1\2") != 0)
      throw FileError(path_, "has a damaged zip directory. Write or copy it again.");
    const auto length = static_cast<std::size_t>(number(directory, at + 28, 2));
    std::string name = directory.substr(at + 46, length);
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    if (number(directory, at + 10, 2) != 0)
      throw FileError(path_, "array '" + name + "' is compressed, expected np.savez, not np.savez_compressed.");
    const std::int64_t local = number(directory, at + 42, 4);
    if (local == 0xffffffff)
      throw FileError(path_, "array '" + name + "' lies beyond 4 GiB. Save one .npy file per mu.");
    const std::string head = read_bytes(path_, local, 30);
    offsets_[name] = local + 30 + number(head, 26, 2) + number(head, 28, 2);
    return at + 46 + length + static_cast<std::size_t>(number(directory, at + 30, 2) + number(directory, at + 32, 2));
  }

  std::string path_;
  std::map<std::string, std::int64_t> offsets_;
};

class NpzFormat : public ArrayFormat {
 public:
  [[nodiscard]] std::string name() const override { return "npz"; }
  [[nodiscard]] std::string summary() const override { return "named arrays of np.savez (not compressed)"; }
  [[nodiscard]] bool recognises(const std::string& /*path*/, const std::string& start) const override {
    return start.starts_with("PK");
  }

 protected:
  [[nodiscard]] std::unique_ptr<ArrayFile> open_file(const std::string& path) const override {
    return std::make_unique<NpzFile>(path);
  }
};

}  // namespace

std::unique_ptr<ImportFormat> make_npz_format() { return std::make_unique<NpzFormat>(); }

}  // namespace scorefield::data
