#include "data/import/numpy_array.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/error.hpp"

namespace scorefield::data {
namespace {

static_assert(std::endian::native == std::endian::little, "NumPy's files are read as they lie");

/// The text after 'KEY': in NumPy's header, which is a Python dictionary.
std::string header_value(const std::string& path, const std::string& header, const std::string& key) {
  const auto at = header.find("'" + key + "':");
  const auto value = at == std::string::npos ? at : header.find_first_not_of(' ', at + key.size() + 3);
  if (value == std::string::npos) throw FileError(path, "has a NumPy header without '" + key + "'. Write it again.");
  return header.substr(value);
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

/// IEEE half precision, which C++20 has no type for.
struct Half {
  std::uint16_t bits;
  explicit operator double() const {
    const double sign = (bits & 0x8000u) ? -1 : 1;
    const int exponent = (bits >> 10) & 0x1f, fraction = bits & 0x3ff;
    if (exponent == 0x1f) return fraction ? std::nan("") : sign * HUGE_VAL;
    return sign * (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25));
  }
  explicit operator std::int64_t() const { return static_cast<std::int64_t>(static_cast<double>(*this)); }
};

template <class To, class From>
std::vector<To> converted(std::string bytes, bool swapped) {
  std::vector<To> values(bytes.size() / sizeof(From));
  for (std::size_t i = 0; i < values.size(); ++i) {
    char* const place = bytes.data() + i * sizeof(From);
    if (swapped) std::reverse(place, place + sizeof(From));
    From value;
    std::memcpy(&value, place, sizeof value);
    values[i] = static_cast<To>(value);
  }
  return values;
}

constexpr std::array kTypes{"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"};

}  // namespace

NumpyArray::NumpyArray(std::unique_ptr<ByteSource> bytes) : bytes_(std::move(bytes)) {
  const std::string magic = bytes_->read(0, 12);
  if (magic.compare(0, 6, "\x93NUMPY") != 0)
    throw FileError(bytes_->path(), "holds an entry that is no NumPy array. Save it with np.save or np.savez.");
  const auto byte = [&](std::size_t i) { return std::int64_t{static_cast<unsigned char>(magic[i])}; };
  const bool short_length = byte(6) == 1;
  const std::int64_t length = byte(8) + (byte(9) << 8) + (short_length ? 0 : (byte(10) << 16) + (byte(11) << 24));
  const std::int64_t start = short_length ? 10 : 12;
  first_ = start + length;
  read_header(bytes_->read(start, length));
}

void NumpyArray::read_header(const std::string& header) {
  const std::string& path = bytes_->path();
  const std::string order = header_value(path, header, "fortran_order");
  if (order.compare(0, 5, "False") != 0)
    throw FileError(path, "is in Fortran order, expected rows in C order. Save np.ascontiguousarray(array).");
  const std::string type = header_value(path, header, "descr");
  if (type.starts_with('['))
    throw FileError(path,
                    "is a table of records with named fields. Save the fields as arrays of their own: "
                    "np.savez(file, x=table['x'], v=table['v']).");
  const auto quote = type.find('\'', 1);
  type_ = quote != std::string::npos && quote > 2 ? type.substr(2, quote - 2) : "";
  if (std::find(kTypes.begin(), kTypes.end(), type_) == kTypes.end())
    throw FileError(path, "holds numbers of type " + type.substr(0, type.find(',')) +
                              ", expected float16 to float64, integers or booleans. Save array.astype('float32').");
  swapped_ = type[1] == '>';
  width_ = type_[1] - '0';
  dims_ = parse_shape(header_value(path, header, "shape"));
  auto total = static_cast<double>(width_);
  for (const std::int64_t size : dims_) total *= static_cast<double>(size);
  if (total > static_cast<double>(bytes_->size() - first_))
    throw FileError(path, "ends within an array of shape " + h5::to_text(dims_) + ". Write or copy it again.");
}

template <class To>
std::vector<To> NumpyArray::numbers(std::int64_t offset, std::int64_t count) const {
  std::string bytes = bytes_->read(first_ + offset * width_, count * width_);
  if (type_ == "f2") return converted<To, Half>(std::move(bytes), swapped_);
  if (type_ == "f4") return converted<To, float>(std::move(bytes), swapped_);
  if (type_ == "f8") return converted<To, double>(std::move(bytes), swapped_);
  if (type_ == "i1") return converted<To, std::int8_t>(std::move(bytes), swapped_);
  if (type_ == "i2") return converted<To, std::int16_t>(std::move(bytes), swapped_);
  if (type_ == "i4") return converted<To, std::int32_t>(std::move(bytes), swapped_);
  if (type_ == "i8") return converted<To, std::int64_t>(std::move(bytes), swapped_);
  if (type_ == "u2") return converted<To, std::uint16_t>(std::move(bytes), swapped_);
  if (type_ == "u4") return converted<To, std::uint32_t>(std::move(bytes), swapped_);
  if (type_ == "u8") return converted<To, std::uint64_t>(std::move(bytes), swapped_);
  return converted<To, std::uint8_t>(std::move(bytes), swapped_);  // u1, b1
}

std::vector<double> NumpyArray::read(std::int64_t offset, std::int64_t count) const {
  return numbers<double>(offset, count);
}

std::vector<std::int64_t> NumpyArray::read_integers(std::int64_t offset, std::int64_t count) const {
  return numbers<std::int64_t>(offset, count);
}

}  // namespace scorefield::data
