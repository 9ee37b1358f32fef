#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace scorefield::h5 {

using Dims = std::vector<std::int64_t>;

/// The element types that can be written.
enum class Element { float32, float64, int64, uint64, uint32, uint8 };

template <class T>
[[nodiscard]] consteval Element element_of() {
  if constexpr (std::is_same_v<T, float>) return Element::float32;
  else if constexpr (std::is_same_v<T, double>) return Element::float64;
  else if constexpr (std::is_same_v<T, std::int64_t>) return Element::int64;
  else if constexpr (std::is_same_v<T, std::uint64_t>) return Element::uint64;
  else if constexpr (std::is_same_v<T, std::uint32_t>) return Element::uint32;
  else {
    static_assert(std::is_same_v<T, std::uint8_t>, "element type not supported by scorefield::h5");
    return Element::uint8;
  }
}

/// "[8, 200, 25000, 2]", for messages.
[[nodiscard]] std::string to_text(const Dims& dims);

/// Number of elements; 1 for a scalar.
[[nodiscard]] std::int64_t element_count(const Dims& dims);

/// An open HDF5 file. The only door to the HDF5 library: every call is checked, every handle closes itself, and
/// every failure is a FileError that names file, object, expectation and observation. Element types: float, double,
/// std::int64_t, std::uint64_t, std::uint32_t, std::uint8_t. Reading converts between float and double, and integers of
/// any width to any of them; reading floating-point numbers as integers is an error. Object names are paths
/// ("/model/w0"); writing creates missing parent groups. Calls are serialised by a process-wide lock (the library is
/// not thread-safe), and HDF5 prints nothing. No locks are taken on the file: outputs are private until renamed
/// (AtomicFile), and file systems without locks would refuse.
class File {
 public:
  /// Opens for reading. Says clearly when the path is missing, a directory, not HDF5, truncated, or damaged: of our own
  /// files every byte is compared with its checksum when it is read first (data/seal.hpp), others are read by a child
  /// process before (h5_guard.hpp).
  [[nodiscard]] static File open(const std::string& path);
  /// Whether the file begins like HDF5; false for a missing file, a directory, or anything else.
  [[nodiscard]] static bool is_hdf5(const std::string& path);
  /// Creates for writing, replacing what is there; use with data::AtomicFile. The format is HDF5 1.8's (metadata
  /// with checksums), which every reader of today understands.
  /// Messages name `display_path` where it is given: the destination of an AtomicFile rather than its temporary.
  [[nodiscard]] static File create(const std::string& path, const std::string& display_path = "");

  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  /// Flushes and closes, adds the checksums, and reports failure (a full disk shows here). Later calls are errors.
  void close();

  /// The path that messages name.
  [[nodiscard]] const std::string& path() const;
  void set_display_path(std::string path);
  /// Bytes of an open input that HDF5 knows nothing of; of a file of ours without a seal, what is left of one.
  [[nodiscard]] std::int64_t extra_bytes() const;

  [[nodiscard]] bool exists(const std::string& name) const;
  /// Names of the direct children of a group, sorted, broken links included; `is_group`, `is_dataset` tell them apart.
  [[nodiscard]] std::vector<std::string> children(const std::string& group) const;
  [[nodiscard]] bool is_group(const std::string& name) const;
  /// With missing parents; one that is there stays as it is.
  void create_group(const std::string& name);
  [[nodiscard]] bool is_dataset(const std::string& name) const;
  [[nodiscard]] Dims dims(const std::string& name) const;
  /// Bytes that a dataset takes in the file (after compression, where a foreign file has it).
  [[nodiscard]] std::int64_t stored_bytes(const std::string& name) const;
  /// @throws FileError for an array that is much larger than what the file holds of it: a damaged shape
  void require_stored(const std::string& name) const;
  /// "float32", "float64", "int64", "uint64", "uint32", "uint8", "string" or "other".
  [[nodiscard]] std::string element_type(const std::string& name) const;

  /// A whole contiguous dataset, row-major; dims {} makes a scalar. Existing names are an error.
  template <class T>
  void write(const std::string& name, std::span<const T> values, const Dims& dims) {
    write_whole(name, element_of<T>(), values.data(), values.size(), dims);
  }
  template <class T>
  [[nodiscard]] std::vector<T> read(const std::string& name) const {
    std::vector<T> values(readable_count(name, element_of<T>()));
    read_whole(name, element_of<T>(), values.data());
    return values;
  }

  /// Makes a dataset a dimension of this name, and says which dimension an axis of another dataset is (HDF5's dimension
  /// scales, which NetCDF-4 is made of).
  void make_dimension(const std::string& dataset, const std::string& name);
  void attach_dimension(const std::string& dataset, int axis, const std::string& dimension);

  /// Declares a dataset to be filled by write_block; what is never written reads as zero.
  /// @param chunk same rank as dims; {}: contiguous.
  template <class T>
  void create_dataset(const std::string& name, const Dims& dims, const Dims& chunk) {
    create_chunked(name, element_of<T>(), dims, chunk);
  }
  /// Writes / reads the hyperslab [offset, offset + count).
  template <class T>
  void write_block(const std::string& name, const Dims& offset, const Dims& count, std::span<const T> values) {
    write_slab(name, element_of<T>(), offset, count, values.data(), values.size());
  }
  template <class T>
  void read_block(const std::string& name, const Dims& offset, const Dims& count, std::span<T> values) const {
    read_slab(name, element_of<T>(), offset, count, values.data(), values.size());
  }

  /// Names of the fields of a table (compound type) that hold numbers, in their order; empty for any other dataset.
  [[nodiscard]] std::vector<std::string> fields(const std::string& name) const;
  /// One field of the hyperslab [offset, offset + count) of a table.
  template <class T>
  [[nodiscard]] std::vector<T> read_field(const std::string& name, const std::string& field, const Dims& offset,
                                          const Dims& count) const {
    std::vector<T> values(static_cast<std::size_t>(element_count(count)));
    read_field_slab(name, field, element_of<T>(), offset, count, values.data());
    return values;
  }
  /// HDF5 reads what was never written, and virtual datasets whose source files are gone, as zeros.
  /// @throws FileError for a dataset of which that is true, in part or as a whole
  void require_complete(const std::string& name) const;

  /// Attributes of a group or dataset ("/" is the root): their names, sorted.
  [[nodiscard]] std::vector<std::string> attributes(const std::string& object) const;
  /// "string", "integer" or "number", with "s" for a list of them; "other" for anything else.
  [[nodiscard]] std::string attribute_type(const std::string& object, const std::string& name) const;
  [[nodiscard]] bool has_attribute(const std::string& object, const std::string& name) const;
  /// Strings are stored variable-length UTF-8 (str in h5py). Setting again replaces. The root always exists.
  void set_attribute(const std::string& object, const std::string& name, const std::string& value);
  void set_attribute(const std::string& object, const std::string& name, std::int64_t value);
  void set_attribute(const std::string& object, const std::string& name, int value) {
    set_attribute(object, name, std::int64_t{value});
  }
  void set_attribute(const std::string& object, const std::string& name, double value);
  void set_attribute(const std::string& object, const std::string& name, const std::vector<double>& values);
  void set_attribute(const std::string& object, const std::string& name, const std::vector<std::string>& values);
  /// For other standards' files: text of fixed length, unsigned numbers of 32 bits or a list of 64.
  void set_text(const std::string& object, const std::string& name, const std::string& value);
  void set_unsigned(const std::string& object, const std::string& name, std::uint32_t value);
  void set_unsigned(const std::string& object, const std::string& name, const std::vector<std::uint64_t>& values);
  /// A missing attribute, or one of another type, is a FileError that says so.
  [[nodiscard]] std::string string_attribute(const std::string& object, const std::string& name) const;
  [[nodiscard]] std::int64_t integer_attribute(const std::string& object, const std::string& name) const;
  [[nodiscard]] double number_attribute(const std::string& object, const std::string& name) const;
  [[nodiscard]] std::vector<double> numbers_attribute(const std::string& object, const std::string& name) const;
  [[nodiscard]] std::vector<std::string> strings_attribute(const std::string& object, const std::string& name) const;

  struct Impl;  ///< defined in h5_handle.hpp, for h5*.cpp only

 private:
  explicit File(std::unique_ptr<Impl> impl);
  void write_whole(const std::string& name, Element element, const void* values, std::size_t size, const Dims& dims);
  std::size_t readable_count(const std::string& name, Element element) const;
  void read_whole(const std::string& name, Element element, void* values) const;
  void create_chunked(const std::string& name, Element element, const Dims& dims, const Dims& chunk);
  void write_slab(const std::string& name, Element element, const Dims& offset, const Dims& count, const void* values,
                  std::size_t size);
  void read_slab(const std::string& name, Element element, const Dims& offset, const Dims& count, void* values,
                 std::size_t size) const;
  void read_field_slab(const std::string& name, const std::string& field, Element element, const Dims& offset,
                       const Dims& count, void* values) const;
  std::unique_ptr<Impl> impl_;
};

}  // namespace scorefield::h5
