#include <algorithm>
#include <filesystem>
#include <map>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/import/array_source.hpp"
#include "data/import/define_format.hpp"
#include "data/import/numpy_array.hpp"

namespace scorefield::data {
namespace {

constexpr std::int64_t kInExtraField = 0xffffffff;  ///< zip64: the number has no room in its 32 bits

std::int64_t number(const std::string& bytes, std::size_t at, int width) {
  std::int64_t value = 0;
  for (int i = 0; i < width; ++i)
    value |= std::int64_t{static_cast<unsigned char>(bytes.at(at + static_cast<std::size_t>(i)))} << (8 * i);
  return value;
}

/// Where an array lies in the archive.
struct Entry {
  bool deflated = false;
  std::int64_t packed = 0, size = 0, local = 0;  ///< bytes there, bytes unpacked, the local header
};

/// A zip archive (zip64 as well) of .npy files, stored or deflated, which its directory at the end lists.
class NpzFile : public ArrayFile {
 public:
  explicit NpzFile(std::string path) : path_(std::move(path)), bytes_(plain_bytes(path_, 0)) {
    const std::int64_t size = bytes_->size();
    const std::int64_t tail_size = std::min<std::int64_t>(size, 66000);
    const std::string tail = bytes_->read(size - tail_size, tail_size);
    const auto end = tail.rfind("PK\5\6");
    if (end == std::string::npos || end + 22 > tail.size())
      throw FileError(path_, "is a zip archive without its directory: truncated. Write or copy it again.");
    std::int64_t entries = number(tail, end + 10, 2), length = number(tail, end + 12, 4);
    std::int64_t first = number(tail, end + 16, 4);
    if (end >= 20 && tail.compare(end - 20, 4, "PK\6\7") == 0) {
      const std::string record = bytes_->read(number(tail, end - 12, 8), 56);
      if (record.compare(0, 4, "PK\6\6") != 0) damaged();
      entries = number(record, 32, 8);
      length = number(record, 40, 8);
      first = number(record, 48, 8);
    }
    const std::string directory = bytes_->read(first, length);
    std::size_t at = 0;
    for (std::int64_t i = 0; i < entries; ++i) at = add_entry(directory, at);
  }
  [[nodiscard]] bool has(const std::string& name) const override { return entries_.contains(name); }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [known, entry] : entries_) names.push_back(known);
    return names;
  }
  [[nodiscard]] std::unique_ptr<ForeignArray> array(const std::string& name) const override {
    if (!has(name))
      throw FileError(path_, "has no array '" + name +
                                 "'; there are: " + (entries_.empty() ? "none" : comma_joined(names())) + ".");
    const Entry& entry = entries_.at(name);
    const std::string head = bytes_->read(entry.local, 30);
    // What deflate makes of zeros is a thousandth of them.
    constexpr std::int64_t kMostUnpacked = 1100;
    if (entry.packed < 0 || entry.packed > bytes_->size() || entry.size < 0 ||
        entry.size / kMostUnpacked > entry.packed)
      damaged();
    const std::int64_t first = entry.local + 30 + number(head, 26, 2) + number(head, 28, 2);
    return std::make_unique<NumpyArray>(entry.deflated ? deflated_bytes(path_, name, first, entry.packed, entry.size)
                                                       : plain_bytes(path_, first, entry.size));
  }

 private:
  [[noreturn]] void damaged() const { throw FileError(path_, "has a damaged zip directory. Write or copy it again."); }

  /// Reads the directory's entry at byte `at`. @return where the next one begins
  std::size_t add_entry(const std::string& directory, std::size_t at) {
    if (at + 46 > directory.size() || directory.compare(at, 4, "PK\1\2") != 0) damaged();
    const auto length = static_cast<std::size_t>(number(directory, at + 28, 2));
    const auto extra = static_cast<std::size_t>(number(directory, at + 30, 2));
    if (at + 46 + length + extra > directory.size()) damaged();
    std::string name = directory.substr(at + 46, length);
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    const std::int64_t method = number(directory, at + 10, 2);
    if (method != 0 && method != 8)
      throw FileError(path_, "array '" + name + "' is compressed by method " + std::to_string(method) +
                                 ", expected what np.savez or np.savez_compressed write.");
    Entry entry{method == 8, number(directory, at + 20, 4), number(directory, at + 24, 4),
                number(directory, at + 42, 4)};
    read_wide_numbers(directory.substr(at + 46 + length, extra), entry);
    entries_[name] = entry;
    return at + 46 + length + extra + static_cast<std::size_t>(number(directory, at + 32, 2));
  }

  /// Numbers beyond 4 GiB stand in the extra field 1, in this order and only those that are.
  static void read_wide_numbers(const std::string& extra, Entry& entry) {
    for (std::size_t at = 0; at + 4 <= extra.size();) {
      const auto length = static_cast<std::size_t>(number(extra, at + 2, 2));
      std::size_t place = at + 4;
      if (number(extra, at, 2) == 1)
        for (std::int64_t* wide : {&entry.size, &entry.packed, &entry.local})
          if (*wide == kInExtraField && place + 8 <= std::min(at + 4 + length, extra.size())) {
            *wide = number(extra, place, 8);
            place += 8;
          }
      at += 4 + length;
    }
  }

  std::string path_;
  std::unique_ptr<ByteSource> bytes_;
  std::map<std::string, Entry> entries_;
};

}  // namespace

class NpzFormat : public ArrayFormat {
 public:
  [[nodiscard]] std::string name() const override { return "npz"; }
  [[nodiscard]] std::string summary() const override { return "named arrays of np.savez or np.savez_compressed"; }
  [[nodiscard]] bool recognises(const std::string& /*path*/, const std::string& start) const override {
    return start.starts_with("PK");
  }

 protected:
  [[nodiscard]] std::unique_ptr<ArrayFile> open_file(const std::string& path) const override {
    return std::make_unique<NpzFile>(path);
  }
};

template std::unique_ptr<ImportFormat> make_format<NpzFormat>();

}  // namespace scorefield::data
