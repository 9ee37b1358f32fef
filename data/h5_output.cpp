#include "data/h5_output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "data/h5_driver.hpp"

namespace scorefield::h5 {
namespace {

/// What the property list carries from use_output_driver to open_output.
struct Settings {
  int* error;
};

/// An open output. HDF5 sees the first member and hands its address back.
struct Output {
  H5FD_t base;
  int descriptor;
  haddr_t allocated;  ///< end of what HDF5 has allocated
  haddr_t end;        ///< end of the file, had every write succeeded
  int* error;

  void failed() const {
    if (*error == 0) *error = errno;
  }
};

Output& output(H5FD_t* file) { return *reinterpret_cast<Output*>(file); }
const Output& output(const H5FD_t* file) { return *reinterpret_cast<const Output*>(file); }

H5FD_t* open_output(const char* name, unsigned flags, hid_t access, haddr_t) {
  const auto* settings = static_cast<const Settings*>(H5Pget_driver_info(access));
  if (!settings) return nullptr;
  int mode = O_RDWR | O_CLOEXEC;
  if (flags & H5F_ACC_CREAT) mode |= O_CREAT;
  if (flags & H5F_ACC_TRUNC) mode |= O_TRUNC;
  const int descriptor = ::open(name, mode, 0666);
  if (descriptor < 0) return nullptr;
  auto* file = new (std::nothrow) Output{};
  if (!file) {
    ::close(descriptor);
    return nullptr;
  }
  file->descriptor = descriptor;
  file->end = static_cast<haddr_t>(std::max<off_t>(0, ::lseek(descriptor, 0, SEEK_END)));
  file->error = settings->error;
  return &file->base;
}

herr_t close_output(H5FD_t* file) {
  if (::close(output(file).descriptor) != 0) output(file).failed();
  delete &output(file);
  return 0;
}

haddr_t get_allocated(const H5FD_t* file, H5FD_mem_t) { return output(file).allocated; }

herr_t set_allocated(H5FD_t* file, H5FD_mem_t, haddr_t address) {
  output(file).allocated = address;
  return 0;
}

haddr_t get_end(const H5FD_t* file, H5FD_mem_t) { return output(file).end; }

/// Bytes beyond the end of the file, or dropped ones, read as zero.
herr_t read_output(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, void* buffer) {
  auto* bytes = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t got = ::pread(output(file).descriptor, bytes, size, static_cast<off_t>(address));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    bytes += got;
    address += static_cast<haddr_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  std::memset(bytes, 0, size);
  return 0;
}

herr_t write_output(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, std::size_t size, const void* buffer) {
  Output& out = output(file);
  out.end = std::max<haddr_t>(out.end, address + size);
  const auto* bytes = static_cast<const char*>(buffer);
  while (size > 0 && *out.error == 0) {
    const ssize_t written = ::pwrite(out.descriptor, bytes, size, static_cast<off_t>(address));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      out.failed();
      break;
    }
    bytes += written;
    address += static_cast<haddr_t>(written);
    size -= static_cast<std::size_t>(written);
  }
  return 0;
}

herr_t truncate_output(H5FD_t* file, hid_t, hbool_t) {
  Output& out = output(file);
  if (out.end == out.allocated) return 0;
  if (*out.error == 0 && ::ftruncate(out.descriptor, static_cast<off_t>(out.allocated)) != 0) out.failed();
  out.end = out.allocated;
  return 0;
}

H5FD_class_t driver_class() {
  H5FD_class_t driver = make_driver("scorefield_output", 1, sizeof(Settings));
  driver.open = open_output;
  driver.close = close_output;
  driver.get_eoa = get_allocated;
  driver.set_eoa = set_allocated;
  driver.get_eof = get_end;
  driver.read = read_output;
  driver.write = write_output;
  driver.truncate = truncate_output;
  return driver;
}

}  // namespace

void use_output_driver(hid_t access, int* error) {
  static const H5FD_class_t driver = driver_class();
  static const hid_t id = H5FDregister(&driver);
  const Settings settings{error};
  H5Pset_driver(access, id, &settings);
}

}  // namespace scorefield::h5
