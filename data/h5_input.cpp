#include "data/h5_input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <vector>

#include "core/error.hpp"
#include "data/h5_driver.hpp"
#include "data/seal.hpp"

namespace scorefield::h5 {
namespace {

using data::Seal;

/// What the property list carries from use_input_driver to open_input.
struct Settings {
  InputReport* report;
};

/// An open input. HDF5 sees the first member and hands its address back.
struct Input {
  H5FD_t base;
  int descriptor;
  haddr_t allocated;  ///< end of what HDF5 believes to be there
  haddr_t end;        ///< of the content
  InputReport* report;
  std::optional<Seal> seal;
  std::vector<bool> seen;        ///< by block: compared already
  std::vector<std::byte> block;  ///< room for one

  /// From `address` on; beyond the end zeros.
  bool read(haddr_t address, std::span<std::byte> bytes) const {
    while (!bytes.empty()) {
      const std::size_t inside = address < end ? std::min<haddr_t>(bytes.size(), end - address) : 0;
      if (inside == 0) break;
      const ssize_t got = ::pread(descriptor, bytes.data(), inside, static_cast<off_t>(address));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      address += static_cast<haddr_t>(got);
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
    return true;
  }

  /// Compares the blocks that [address, address + size of bytes) touches, each once; those that lie inside as a whole
  /// where they have been read to.
  bool compare(haddr_t address, std::span<const std::byte> bytes) {
    const haddr_t last = std::min<haddr_t>(end, address + bytes.size());
    for (haddr_t i = address / Seal::kBlock; i * Seal::kBlock < last; ++i) {
      if (seen[i]) continue;
      const haddr_t first = i * Seal::kBlock, size = seal->size(i);
      std::span<const std::byte> whole;
      if (first >= address && first + size <= address + bytes.size()) {
        whole = bytes.subspan(first - address, size);
      } else {
        const auto room = std::span(block).first(size);
        if (!read(first, room)) return false;
        whole = room;
      }
      if (!seal->holds(i, whole)) {
        if (report->complaint.empty()) report->complaint = seal->complaint(i);
        return false;
      }
      seen[i] = true;
    }
    return true;
  }
};

Input& input(H5FD_t* file) { return *reinterpret_cast<Input*>(file); }
const Input& input(const H5FD_t* file) { return *reinterpret_cast<const Input*>(file); }

/// The seal and the extent of what was opened. Nothing is thrown through HDF5.
bool prepare(Input& in, const char* name) {
  try {
    in.seal = data::read_seal(in.descriptor, name);
    struct stat status {};
    if (::fstat(in.descriptor, &status) != 0) return false;
    in.end = in.seal ? in.seal->content : static_cast<haddr_t>(status.st_size);
    in.report->content = in.end;
    if (in.seal) in.seen.resize(in.seal->blocks.size());
    if (in.seal) in.block.resize(Seal::kBlock);
    return true;
  } catch (const FileError& error) {
    const std::string text = error.what();
    if (in.report->complaint.empty()) in.report->complaint = text.substr(error.path().size() + 2);
  } catch (const std::bad_alloc&) {
  }
  return false;
}

herr_t close_input(H5FD_t* file) {
  ::close(input(file).descriptor);
  delete &input(file);
  return 0;
}

H5FD_t* open_input(const char* name, unsigned flags, hid_t access, haddr_t) {
  const auto* settings = static_cast<const Settings*>(H5Pget_driver_info(access));
  if (!settings || (flags & (H5F_ACC_RDWR | H5F_ACC_CREAT | H5F_ACC_TRUNC)) != 0) return nullptr;
  const int descriptor = ::open(name, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return nullptr;
  auto* file = new (std::nothrow) Input{};
  if (!file) {
    ::close(descriptor);
    return nullptr;
  }
  file->descriptor = descriptor;
  file->report = settings->report;
  if (prepare(*file, name)) return &file->base;
  close_input(&file->base);
  return nullptr;
}

haddr_t get_allocated(const H5FD_t* file, H5FD_mem_t) { return input(file).allocated; }

herr_t set_allocated(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  input(file).allocated = address;
  input(file).report->allocated = address;
  return 0;
}

haddr_t get_end(const H5FD_t* file, H5FD_mem_t) { return input(file).end; }

herr_t read_input(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, void* buffer) {
  Input& in = input(file);
  const std::span bytes(static_cast<std::byte*>(buffer), size);
  return in.read(address, bytes) && (!in.seal || in.compare(address, bytes)) ? 0 : -1;
}

herr_t refuse_write(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, std::size_t, const void*) { return -1; }

H5FD_class_t driver_class() {
  H5FD_class_t driver = make_driver("scorefield_input", 2, sizeof(Settings));
  driver.open = open_input;
  driver.close = close_input;
  driver.get_eoa = get_allocated;
  driver.set_eoa = set_allocated;
  driver.get_eof = get_end;
  driver.read = read_input;
  driver.write = refuse_write;
  return driver;
}

}  // namespace

void use_input_driver(hid_t access, InputReport* report) {
  static const H5FD_class_t driver = driver_class();
  static const hid_t id = H5FDregister(&driver);
  const Settings settings{report};
  H5Pset_driver(access, id, &settings);
}

}  // namespace scorefield::h5
