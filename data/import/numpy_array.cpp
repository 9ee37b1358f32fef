#include "data/import/numpy_array.hpp"

#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"

namespace scorefield::data {
namespace {

static_assert(std::endian::native == std::endian::little, "NumPy's files are read as they lie");

/// The text after 'KEY': in NumPy's header, which is a Python dictionary.
std::string header_value(const std::string& path, const std::string& header, const std::string& key) {
  const auto at = header.find("'" + key + "':");
  if (at == std::string::npos) throw FileError(path, "has a NumPy header without '" + key + "'. Write it again.");
  return header.substr(header.find_first_not_of(' ', at + key.size() + 3));
}

/// "(2, 3)" -> {2, 3}
h5::Dims parse_shape(const std::string& shape) {
  h5::Dims dims;
  for (std::size_t i = 1; i < shape.size() && shape[i] != ')'; ++i)
    if (shape[i] >= '0' && shape[i] <= '9') {
      const auto digits = shape.find_first_not_of("0123456789", i) - i;
      dims.push_back(digits < 16 ? std::stoll(shape.substr(i, digits)) : std::int64_t{1} << 60);
      i += digits - 1;
    }
  return dims;
}

template <class To, class From>
std::vector<To> converted(const std::string& bytes) {
  std::vector<To> values(bytes.size() / sizeof(From));
  for (std::size_t i = 0; i < values.size(); ++i) {
    From value;
    std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof value);
    values[i] = static_cast<To>(value);
  }
  return values;
}

std::int64_t width(const std::string& type) { return type.back() == '4' ? 4 : 8; }

template <class To>
std::vector<To> numbers(const std::string& type, const std::string& bytes) {
  if (type == "<f4") return converted<To, float>(bytes);
  if (type == "<f8") return converted<To, double>(bytes);
  if (type == "<i4") return converted<To, std::int32_t>(bytes);
  return converted<To, std::int64_t>(bytes);
}

}  // namespace

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

NumpyArray::NumpyArray(std::string path, std::int64_t offset) : path_(std::move(path)) {
  const std::string magic = read_bytes(path_, offset, 12);
  if (magic.compare(0, 6, "\x93NUMPY") != 0)
    throw FileError(path_, "holds an entry that is no NumPy array. Save it with np.save or np.savez.");
  const auto byte = [&](std::size_t i) { return std::int64_t{static_cast<unsigned char>(magic[i])}; };
  const bool short_length = byte(6) == 1;
  const std::int64_t length = byte(8) + (byte(9) << 8) + (short_length ? 0 : (byte(10) << 16) + (byte(11) << 24));
  const std::int64_t start = offset + (short_length ? 10 : 12);
  first_ = start + length;
  read_header(read_bytes(path_, start, length));
}

void NumpyArray::read_header(const std::string& header) {
  const std::string order = header_value(path_, header, "fortran_order");
  if (order.compare(0, 5, "False") != 0)
    throw FileError(path_, "is in Fortran order, expected rows in C order. Save np.ascontiguousarray(array).");
  const std::string type = header_value(path_, header, "descr");
  type_ = type.substr(1, 3);
  if (type_ != "<f4" && type_ != "<f8" && type_ != "<i4" && type_ != "<i8")
    throw FileError(path_, "holds numbers of type " + type.substr(0, type.find(',')) +
                               ", expected float32, float64, int32 or int64. Save array.astype('float32').");
  dims_ = parse_shape(header_value(path_, header, "shape"));
  auto bytes = static_cast<double>(width(type_));
  for (const std::int64_t size : dims_) bytes *= static_cast<double>(size);
  if (bytes > static_cast<double>(static_cast<std::int64_t>(std::filesystem::file_size(path_)) - first_))
    throw FileError(path_, "ends within an array of shape " + h5::to_text(dims_) + ". Write or copy it again.");
}

std::vector<float> NumpyArray::read(std::int64_t offset, std::int64_t count) const {
  const std::int64_t size = width(type_);
  return numbers<float>(type_, read_bytes(path_, first_ + offset * size, count * size));
}

std::vector<double> NumpyArray::read_all() const {
  std::int64_t bytes = width(type_);
  for (const std::int64_t size : dims_) bytes *= size;
  return numbers<double>(type_, read_bytes(path_, first_, bytes));
}

}  // namespace scorefield::data
