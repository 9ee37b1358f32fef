#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace scorefield::h5 {

using Dims = std::vector<std::int64_t>;

/// An open HDF5 file. The only door to the HDF5 library: every call is checked, every handle closes itself, and
/// every failure is a FileError that names file, object, expectation and observation. Element types: float, double,
/// std::int64_t, std::uint64_t, std::uint8_t. Reading converts between float and double. Object names are paths ("/model/w0");
/// writing creates missing parent groups. Calls are serialised by a process-wide lock (the library is not thread-safe).
class File {
 public:
  /// Opens for reading. Says clearly when the path is missing, a directory, not HDF5, or truncated.
  [[nodiscard]] static File open(const std::string& path);
  /// Creates for writing, replacing what is there; use with data::AtomicFile.
  [[nodiscard]] static File create(const std::string& path);

  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  /// Flushes and closes, and reports failure (a full disk shows here). Later calls are errors.
  void close();

  [[nodiscard]] const std::string& path() const;
  /// The path that messages name (the final name of an AtomicFile rather than its temporary).
  void set_display_path(std::string path);

  [[nodiscard]] bool exists(const std::string& name) const;
  /// Names of the direct children of a group, sorted; `is_group` tells groups from datasets.
  [[nodiscard]] std::vector<std::string> children(const std::string& group) const;
  [[nodiscard]] bool is_group(const std::string& name) const;
  [[nodiscard]] Dims dims(const std::string& name) const;
  /// "float32", "float64", "int64", "uint64", "uint8", "string" or "other".
  [[nodiscard]] std::string element_type(const std::string& name) const;

  template <class T>
  void write(const std::string& name, std::span<const T> values, const Dims& dims);
  template <class T>
  [[nodiscard]] std::vector<T> read(const std::string& name) const;

  /// Declares a chunked dataset to be filled by write_block. @param chunk same rank as dims.
  template <class T>
  void create_dataset(const std::string& name, const Dims& dims, const Dims& chunk);
  /// Writes / reads the hyperslab [offset, offset + count).
  template <class T>
  void write_block(const std::string& name, const Dims& offset, const Dims& count, std::span<const T> values);
  template <class T>
  void read_block(const std::string& name, const Dims& offset, const Dims& count, std::span<T> values) const;

  /// Attributes of a group or dataset ("/" is the root).
  [[nodiscard]] bool has_attribute(const std::string& object, const std::string& name) const;
  void set_attribute(const std::string& object, const std::string& name, const std::string& value);
  void set_attribute(const std::string& object, const std::string& name, std::int64_t value);
  void set_attribute(const std::string& object, const std::string& name, double value);
  void set_attribute(const std::string& object, const std::string& name, const std::vector<double>& values);
  void set_attribute(const std::string& object, const std::string& name, const std::vector<std::string>& values);
  [[nodiscard]] std::string string_attribute(const std::string& object, const std::string& name) const;
  [[nodiscard]] std::int64_t integer_attribute(const std::string& object, const std::string& name) const;
  [[nodiscard]] double number_attribute(const std::string& object, const std::string& name) const;
  [[nodiscard]] std::vector<double> numbers_attribute(const std::string& object, const std::string& name) const;
  [[nodiscard]] std::vector<std::string> strings_attribute(const std::string& object, const std::string& name) const;

 private:
  struct Impl;
  explicit File(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace scorefield::h5
