#include "data/arrays.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/error.hpp"
#include "data/h5_handle.hpp"

namespace scorefield::data {
namespace {

static_assert(std::endian::native == std::endian::little, "NumPy's files are read as they lie");

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

std::string read_bytes(const std::string& path, std::int64_t offset, std::int64_t count) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(count), '\0');
  file.seekg(offset);
  file.read(bytes.data(), count);
  if (file.gcount() != count)
    throw FileError(path, "ends within an array, expected " + std::to_string(offset + count) +
                              " bytes at least. Write or copy it again.");
  return bytes;
}

/// The text after 'KEY': in NumPy's header, which is a Python dictionary.
std::string header_value(const std::string& path, const std::string& header, const std::string& key) {
  const auto at = header.find("'" + key + "':");
  if (at == std::string::npos) throw FileError(path, "has a NumPy header without '" + key + "'. Write it again.");
  return header.substr(header.find_first_not_of(' ', at + key.size() + 3));
}

/// An array in the format of .npy at some place of a file.
class NumpyArray : public ForeignArray {
 public:
  NumpyArray(std::string path, std::int64_t offset) : path_(std::move(path)) {
    const std::string magic = read_bytes(path_, offset, 12);
    if (magic.compare(0, 6, "\x93NUMPY") != 0)
      throw FileError(path_, "holds an entry that is no NumPy array. Save it with np.save or np.savez.");
    const auto byte = [&](std::size_t i) { return std::int64_t{static_cast<unsigned char>(magic[i])}; };
    const bool short_length = byte(6) == 1;
    const std::int64_t length = byte(8) + (byte(9) << 8) + (short_length ? 0 : (byte(10) << 16) + (byte(11) << 24));
    const std::int64_t start = offset + (short_length ? 10 : 12);
    const std::string header = read_bytes(path_, start, length);
    first_ = start + length;

    const std::string order = header_value(path_, header, "fortran_order");
    if (order.compare(0, 5, "False") != 0)
      throw FileError(path_, "is in Fortran order, expected rows in C order. Save np.ascontiguousarray(array).");
    const std::string type = header_value(path_, header, "descr");
    type_ = type.substr(1, 3);
    if (type_ != "<f4" && type_ != "<f8" && type_ != "<i4" && type_ != "<i8")
      throw FileError(path_, "holds numbers of type " + type.substr(0, type.find(',')) +
                                 ", expected float32, float64, int32 or int64. Save array.astype('float32').");
    const std::string shape = header_value(path_, header, "shape");
    for (std::size_t i = 1; i < shape.size() && shape[i] != ')'; ++i)
      if (shape[i] >= '0' && shape[i] <= '9') {
        const auto digits = shape.find_first_not_of("0123456789", i) - i;
        dims_.push_back(digits < 16 ? std::stoll(shape.substr(i, digits)) : std::int64_t{1} << 60);
        i += digits - 1;
      }
    double bytes = type_.back() == '4' ? 4 : 8;
    for (const std::int64_t size : dims_) bytes *= static_cast<double>(size);
    if (bytes > static_cast<double>(static_cast<std::int64_t>(std::filesystem::file_size(path_)) - first_))
      throw FileError(path_, "ends within an array of shape " + h5::to_text(dims_) + ". Write or copy it again.");
  }

  [[nodiscard]] std::vector<float> read(std::int64_t offset, std::int64_t count) const override {
    return numbers<float>(offset, count);
  }
  [[nodiscard]] std::vector<double> read_all() const override { return numbers<double>(0, h5::element_count(dims_)); }

 private:
  template <class To>
  std::vector<To> numbers(std::int64_t offset, std::int64_t count) const {
    if (type_ == "<f4") return converted<To, float>(offset, count);
    if (type_ == "<f8") return converted<To, double>(offset, count);
    if (type_ == "<i4") return converted<To, std::int32_t>(offset, count);
    return converted<To, std::int64_t>(offset, count);
  }

  template <class To, class From>
  std::vector<To> converted(std::int64_t offset, std::int64_t count) const {
    constexpr std::int64_t kSize = sizeof(From);
    const std::string bytes = read_bytes(path_, first_ + offset * kSize, count * kSize);
    std::vector<To> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) {
      From value;
      std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof value);
      values[i] = static_cast<To>(value);
    }
    return values;
  }

  std::string path_, type_;
  std::int64_t first_ = 0;  ///< where the numbers begin
};

class NpyFile : public ArrayFile {
 public:
  explicit NpyFile(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] std::vector<std::string> names() const override { return {}; }
  [[nodiscard]] bool has(const std::string&) const override { return false; }
  [[nodiscard]] std::unique_ptr<ForeignArray> array(const std::string&) const override {
    return std::make_unique<NumpyArray>(path_, 0);
  }

 private:
  std::string path_;
};

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
    for (std::int64_t i = 0; i < entries; ++i) {
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
      at += 46 + length + static_cast<std::size_t>(number(directory, at + 30, 2) + number(directory, at + 32, 2));
    }
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, offset] : offsets_) names.push_back(name);
    return names;
  }
  [[nodiscard]] bool has(const std::string& name) const override { return offsets_.contains(name); }
  [[nodiscard]] std::unique_ptr<ForeignArray> array(const std::string& name) const override {
    if (!has(name)) throw FileError(path_, "has no array '" + name + "'; there are: " + list(names()) + ".");
    return std::make_unique<NumpyArray>(path_, offsets_.at(name));
  }

 private:
  static std::int64_t number(const std::string& bytes, std::size_t at, int width) {
    std::int64_t value = 0;
    for (int i = 0; i < width; ++i)
      value |= std::int64_t{static_cast<unsigned char>(bytes.at(at + static_cast<std::size_t>(i)))} << (8 * i);
    return value;
  }

  std::string path_;
  std::map<std::string, std::int64_t> offsets_;
};

class Hdf5Array : public ForeignArray {
 public:
  Hdf5Array(const h5::File& file, std::string name) : file_(file), name_(std::move(name)) { dims_ = file.dims(name_); }

  /// Whole rows of the last axes only, which is what importing asks for.
  [[nodiscard]] std::vector<float> read(std::int64_t offset, std::int64_t count) const override {
    h5::Dims from(dims_.size(), 0), size(dims_.size(), 1);
    std::int64_t inside = 1;
    for (std::size_t axis = dims_.size(); axis-- > 0;) {
      const std::int64_t below = inside;
      inside *= dims_[axis];
      if (inside <= count) size[axis] = dims_[axis];
      else from[axis] = offset / below % dims_[axis];
    }
    std::vector<float> values(static_cast<std::size_t>(count));
    file_.read_block<float>(name_, from, size, values);
    return values;
  }
  [[nodiscard]] std::vector<double> read_all() const override { return file_.read<double>(name_); }

 private:
  const h5::File& file_;
  std::string name_;
};

class Hdf5File : public ArrayFile {
 public:
  explicit Hdf5File(const std::string& path) : file_(h5::File::open(path)) {}
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& name : file_.children("/"))
      if (file_.is_dataset("/" + name)) names.push_back(name);
    return names;
  }
  [[nodiscard]] bool has(const std::string& name) const override {
    return file_.exists(absolute(name)) && file_.is_dataset(absolute(name));
  }
  [[nodiscard]] std::unique_ptr<ForeignArray> array(const std::string& name) const override {
    if (!has(name))
      throw FileError(file_.path(), "has no array '" + name + "'; its root holds: " + list(names()) + ".");
    return std::make_unique<Hdf5Array>(file_, absolute(name));
  }

 private:
  static std::string absolute(const std::string& name) { return name.starts_with('/') ? name : "/" + name; }
  h5::File file_;
};

}  // namespace

std::unique_ptr<ArrayFile> ArrayFile::open(const std::string& path) {
  std::string start(6, '\0');
  if (std::ifstream file(path, std::ios::binary); file && !std::filesystem::is_directory(path))
    file.read(start.data(), 6);
  if (start == "\x93NUMPY") return std::make_unique<NpyFile>(path);
  if (start.starts_with("PK")) return std::make_unique<NpzFile>(path);
  return std::make_unique<Hdf5File>(path);
}

}  // namespace scorefield::data
