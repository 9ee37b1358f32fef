#pragma once

// Internal to data/h5*.cpp: the bridge between HDF5's C conventions and ours.

#include <hdf5.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "data/h5.hpp"
#include "data/h5_guard.hpp"
#include "data/h5_input.hpp"

namespace scorefield::h5 {

/// Owns one HDF5 identifier and closes it. The caller holds a Session at destruction.
class Handle {
 public:
  using Closer = herr_t (*)(hid_t);

  Handle() = default;
  Handle(hid_t id, Closer closer) : id_(id), closer_(closer) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), closer_(other.closer_) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = std::exchange(other.id_, -1);
      closer_ = other.closer_;
    }
    return *this;
  }
  ~Handle() { reset(); }

  [[nodiscard]] bool valid() const { return id_ >= 0; }
  [[nodiscard]] hid_t get() const { return id_; }

  /// Closes now; false when HDF5 reports a failure. The handle is given up either way.
  bool reset() { return id_ < 0 || closer_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_ = -1;
  Closer closer_ = nullptr;
};

/// Exclusive use of the HDF5 library, with its habit of printing errors to stderr switched off meanwhile.
/// Every public function of File opens one; the helpers below expect it.
class Session {
 public:
  Session();
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

 private:
  std::lock_guard<std::mutex> lock_;
  H5E_auto2_t printer_ = nullptr;
  void* printer_data_ = nullptr;
};

/// What HDF5's error stack says of the last failed call, as one short phrase: the operating system's words where
/// there are any, else the innermost description. `truncated` tells whether the file is shorter than it should be.
struct Failure {
  std::string reason;
  bool truncated = false;
};
[[nodiscard]] Failure last_failure();

struct File::Impl {
  int write_error = 0;  ///< errno of the first failed write (h5_output.hpp); outlives the handles below
  InputReport input;    ///< of a file that is read (h5_input.hpp); likewise
  Handle file;
  std::string path;                    ///< as messages name it
  std::string location;                ///< of a file that is written
  std::shared_ptr<const Texts> texts;  ///< of a file without a seal, read by the guard
  /// Datasets stay open between calls: opening one costs more than reading a frame's index entry.
  std::map<std::string, Handle> datasets;

  /// "cannot VERB '/name' (REASON).", or what is wrong with the bytes of the file.
  [[noreturn]] void fail(const std::string& verb, const std::string& name) const;
  /// Throws if bytes that were read are not those that were written.
  void check_read() const;
  /// Throws if a write has failed. Follows every call that writes.
  void check_written() const;
  [[nodiscard]] hid_t id() const;
  /// Opens (once) and returns a dataset. @throws FileError when there is none.
  [[nodiscard]] hid_t dataset(const std::string& name);
  [[nodiscard]] bool link_exists(const std::string& name) const;
  /// Opens a group or dataset for its attributes. @throws FileError
  [[nodiscard]] Handle object(const std::string& name) const;
};

/// How files are opened and created.
[[nodiscard]] Handle file_access();

/// HDF5's in-memory type of an element. A function, not a constant: these are library variables.
[[nodiscard]] hid_t native_type(Element element);

/// Extent of a dataspace; empty for a scalar.
[[nodiscard]] Dims space_dims(hid_t space);

/// File space with the hyperslab [offset, offset + count) selected. @throws FileError if it leaves the extent
[[nodiscard]] Handle select_block(const File::Impl& file, const std::string& name, hid_t dataset, const Dims& offset,
                                  const Dims& count);
/// Memory space of a shape.
[[nodiscard]] Handle make_space(const Dims& dims);

}  // namespace scorefield::h5
