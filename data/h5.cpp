#include "data/h5.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "data/h5_guard.hpp"
#include "data/h5_handle.hpp"
#include "data/h5_output.hpp"
#include "data/seal.hpp"

namespace scorefield::h5 {
namespace {

/// The first bytes of a file, made printable, so that a message can show what it is instead of HDF5.
std::string opening_words(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string head(16, '\0');
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(stream.gcount()));
  for (char& c : head)
    if (c < ' ' || c > '~') c = '.';
  return head;
}

void check_readable(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) throw FileError(path, "no such file.");
    throw FileError(path, std::string("cannot be opened (") + std::strerror(errno) + ").");
  }
  if (S_ISDIR(status.st_mode)) throw FileError(path, "is a directory, expected an HDF5 file.");
  if (!S_ISREG(status.st_mode)) throw FileError(path, "is not a regular file, expected an HDF5 file.");
  if (::access(path.c_str(), R_OK) != 0)
    throw FileError(path, std::string("cannot be read (") + std::strerror(errno) + ").");
  if (status.st_size == 0) throw FileError(path, "is empty, expected an HDF5 file.");
}

std::vector<hsize_t> to_extents(const Dims& dims) { return {dims.begin(), dims.end()}; }

void check_count(const File::Impl& file, const std::string& name, std::size_t have, const Dims& dims) {
  if (static_cast<std::int64_t>(have) != element_count(dims))
    throw FileError(file.path, "dataset '" + name + "': " + std::to_string(have) + " values given for shape " +
                                   to_text(dims) + ".");
}

/// Creates a dataset with its parent groups; contiguous when `chunk` is empty.
Handle make_dataset(File::Impl& file, const std::string& name, Element element, const Dims& dims, const Dims& chunk) {
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links.get(), 1);
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  if (!chunk.empty()) {
    const auto extents = to_extents(chunk);
    H5Pset_chunk(creation.get(), static_cast<int>(extents.size()), extents.data());
  }
  const Handle access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  H5Pset_chunk_cache(access.get(), 0, 0, H5D_CHUNK_CACHE_W0_DEFAULT);  // whole chunks go straight to disk
  const Handle space = make_space(dims);
  Handle dataset(
      H5Dcreate2(file.id(), name.c_str(), native_type(element), space.get(), links.get(), creation.get(), access.get()),
      H5Dclose);
  if (!dataset.valid()) file.fail("create dataset", name);
  return dataset;
}

/// Refuses strings and the like, and floating-point numbers where integers are wanted.
void check_convertible(const File::Impl& file, const std::string& name, Element wanted, hid_t dataset) {
  const Handle type(H5Dget_type(dataset), H5Tclose);
  const H5T_class_t kind = H5Tget_class(type.get());
  const bool floating = wanted == Element::float32 || wanted == Element::float64;
  if (kind == H5T_INTEGER || (kind == H5T_FLOAT && floating)) return;
  throw FileError(file.path, "dataset '" + name + "' does not hold " + (floating ? "numbers." : "whole numbers."));
}

/// What is small, or in other files, may be absent: it reads as zeros.
void check_stored(const File::Impl& file, const std::string& name, hid_t dataset) {
  constexpr double kSmall = 1 << 28, kMostCompressed = 2000;
  const Handle type(H5Dget_type(dataset), H5Tclose), space(H5Dget_space(dataset), H5Sclose);
  const Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  double bytes = static_cast<double>(H5Tget_size(type.get()));
  const Dims dims = space_dims(space.get());
  for (const std::int64_t extent : dims) bytes *= static_cast<double>(extent);
  const bool elsewhere = H5Pget_layout(creation.get()) == H5D_VIRTUAL || H5Pget_external_count(creation.get()) > 0;
  if (bytes <= kSmall || elsewhere) return;
  const double stored =
      static_cast<double>(H5Dget_storage_size(dataset)) * (H5Pget_nfilters(creation.get()) > 0 ? kMostCompressed : 1);
  if (stored >= bytes) return;
  throw FileError(file.path, "dataset '" + name + "' of shape " + to_text(dims) +
                                 " is not in the file: it holds only a part of it. Copy or generate it again.");
}

}  // namespace

Handle file_access() {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_LATEST);
  // Frames begin on page boundaries: reads and writes of whole chunks then touch whole pages.
  H5Pset_alignment(access.get(), 1 << 16, 4096);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access.get(), false, true);
#endif
  return access;
}

Handle make_space(const Dims& dims) {
  if (dims.empty()) return {H5Screate(H5S_SCALAR), H5Sclose};
  const auto extents = to_extents(dims);
  return {H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose};
}

Handle select_block(const File::Impl& file, const std::string& name, hid_t dataset, const Dims& offset,
                    const Dims& count) {
  Handle space(H5Dget_space(dataset), H5Sclose);
  const Dims extent = space_dims(space.get());
  bool inside = offset.size() == extent.size() && count.size() == extent.size() && !extent.empty();
  for (std::size_t i = 0; inside && i < extent.size(); ++i)
    inside = offset[i] >= 0 && count[i] >= 0 && offset[i] + count[i] <= extent[i];
  if (!inside)
    throw FileError(file.path, "block " + to_text(count) + " at " + to_text(offset) + " is outside of dataset '" +
                                   name + "' of shape " + to_text(extent) + ".");
  const auto start = to_extents(offset), size = to_extents(count);
  if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr) < 0)
    file.fail("select a block of", name);
  return space;
}

File::File(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
File::File(File&&) noexcept = default;

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    const Session session;
    impl_ = std::move(other.impl_);
  }
  return *this;
}

File::~File() {
  if (!impl_) return;
  const Session session;
  impl_.reset();
}

bool File::is_hdf5(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const Session session;
  return H5Fis_hdf5(path.c_str()) > 0;
}

File File::open(const std::string& path) {
  check_readable(path);
  const Session session;
  if (H5Fis_hdf5(path.c_str()) <= 0)
    throw FileError(path, "is not an HDF5 file (it begins with '" + opening_words(path) + "').");
  auto impl = std::make_unique<Impl>();
  if (!data::has_seal(path)) impl->texts = require_readable(path);
  impl->path = path;
  const Handle access = file_access();  // outlives last_failure(): closing anything clears the error stack
  use_input_driver(access.get(), &impl->input);
  impl->file = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
  if (!impl->file.valid()) {
    impl->check_read();
    const Failure failure = last_failure();
    throw FileError(path, (failure.truncated ? "is truncated (" : "is a damaged or truncated HDF5 file (") +
                              failure.reason + "). Copy or generate it again.");
  }
  return File(std::move(impl));
}

File File::create(const std::string& path, const std::string& display_path) {
  const Session session;
  auto impl = std::make_unique<Impl>();
  impl->path = display_path.empty() ? path : display_path;
  impl->location = path;
  const int probe = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);  // HDF5 would not tell why it cannot
  if (probe < 0) throw FileError(impl->path, std::string("cannot be created (") + std::strerror(errno) + ").");
  ::close(probe);
  const Handle access = file_access();
  use_output_driver(access.get(), &impl->write_error);
  impl->file = Handle(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose);
  impl->check_written();
  if (!impl->file.valid()) throw FileError(impl->path, "cannot be created (" + last_failure().reason + ").");
  return File(std::move(impl));
}

void File::close() {
  const Session session;
  const hid_t id = impl_->id();
  std::string reason;
  const auto check = [&](bool good) {
    if (!good && reason.empty()) reason = last_failure().reason;
  };
  for (auto& [name, dataset] : impl_->datasets) check(dataset.reset());
  impl_->datasets.clear();
  check(H5Fflush(id, H5F_SCOPE_GLOBAL) >= 0);
  check(impl_->file.reset());
  impl_->check_written();
  if (!reason.empty()) throw FileError(impl_->path, "could not be written completely (" + reason + ").");
  if (!impl_->location.empty()) data::append_seal(impl_->location, impl_->path);
}

const std::string& File::path() const { return impl_->path; }

std::int64_t File::extra_bytes() const {
  return static_cast<std::int64_t>(impl_->input.content) - static_cast<std::int64_t>(impl_->input.allocated);
}

void File::set_display_path(std::string path) { impl_->path = std::move(path); }

bool File::exists(const std::string& name) const {
  const Session session;
  return impl_->link_exists(name);
}

std::vector<std::string> File::children(const std::string& group) const {
  const Session session;
  const Handle object = impl_->object(group);
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  // As they lie: sorted by HDF5, they go through a table that it does not survive where a read fails meanwhile.
  if (H5Literate(object.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, add, &names) < 0)
    impl_->fail("list group", group);
  std::sort(names.begin(), names.end());
  return names;
}

bool File::is_group(const std::string& name) const {
  const Session session;
  return impl_->link_exists(name) && H5Iget_type(impl_->object(name).get()) == H5I_GROUP;
}

void File::create_group(const std::string& name) {
  const Session session;
  if (impl_->link_exists(name)) return;
  const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links.get(), 1);
  const Handle group(H5Gcreate2(impl_->id(), name.c_str(), links.get(), H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
  if (!group.valid()) impl_->fail("create group", name);
}

bool File::is_dataset(const std::string& name) const {
  const Session session;
  return impl_->link_exists(name) && H5Iget_type(impl_->object(name).get()) == H5I_DATASET;
}

Dims File::dims(const std::string& name) const {
  const Session session;
  const Handle space(H5Dget_space(impl_->dataset(name)), H5Sclose);
  if (!space.valid()) impl_->fail("read the shape of", name);
  return space_dims(space.get());
}

std::int64_t File::stored_bytes(const std::string& name) const {
  const Session session;
  return static_cast<std::int64_t>(H5Dget_storage_size(impl_->dataset(name)));
}

void File::require_stored(const std::string& name) const {
  const Session session;
  check_stored(*impl_, name, impl_->dataset(name));
}

std::string File::element_type(const std::string& name) const {
  const Session session;
  const Handle type(H5Dget_type(impl_->dataset(name)), H5Tclose);
  const std::size_t size = H5Tget_size(type.get());
  switch (H5Tget_class(type.get())) {
    case H5T_STRING:
      return "string";
    case H5T_FLOAT:
      return size == 4 ? "float32" : size == 8 ? "float64" : "other";
    case H5T_INTEGER: {
      const bool has_sign = H5Tget_sign(type.get()) != H5T_SGN_NONE;
      if (size == 8) return has_sign ? "int64" : "uint64";
      if (has_sign) return "other";
      return size == 4 ? "uint32" : size == 1 ? "uint8" : "other";
    }
    default:
      return "other";
  }
}

void File::write_whole(const std::string& name, Element element, const void* values, std::size_t size,
                       const Dims& dims) {
  check_count(*impl_, name, size, dims);
  const Session session;
  const Handle dataset = make_dataset(*impl_, name, element, dims, {});
  if (size > 0 && H5Dwrite(dataset.get(), native_type(element), H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
    impl_->fail("write", name);
  impl_->check_written();
}

std::size_t File::readable_count(const std::string& name, Element element) const {
  const Session session;
  const hid_t dataset = impl_->dataset(name);
  check_convertible(*impl_, name, element, dataset);
  check_stored(*impl_, name, dataset);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const auto count = H5Sget_simple_extent_npoints(space.get());
  if (count < 0) impl_->fail("read the shape of", name);
  return static_cast<std::size_t>(count);
}

void File::read_whole(const std::string& name, Element element, void* values) const {
  const Session session;
  if (H5Dread(impl_->dataset(name), native_type(element), H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
    impl_->fail("read", name);
}

void File::create_chunked(const std::string& name, Element element, const Dims& dims, const Dims& chunk) {
  if (!chunk.empty() && chunk.size() != dims.size())
    throw FileError(impl_->path, "dataset '" + name + "' of shape " + to_text(dims) + " cannot have chunks of shape " +
                                     to_text(chunk) + ".");
  const Session session;
  impl_->datasets.emplace(name, make_dataset(*impl_, name, element, dims, chunk));
}

void File::write_slab(const std::string& name, Element element, const Dims& offset, const Dims& count,
                      const void* values, std::size_t size) {
  check_count(*impl_, name, size, count);
  const Session session;
  const hid_t dataset = impl_->dataset(name);
  const Handle target = select_block(*impl_, name, dataset, offset, count);
  // Both sides in one shape: HDF5 matches unlike shapes value by value, a hundred times slower.
  const Handle source = make_space(count);
  if (H5Dwrite(dataset, native_type(element), source.get(), target.get(), H5P_DEFAULT, values) < 0)
    impl_->fail("write", name);
  impl_->check_written();
}

void File::read_slab(const std::string& name, Element element, const Dims& offset, const Dims& count, void* values,
                     std::size_t size) const {
  check_count(*impl_, name, size, count);
  const Session session;
  const hid_t dataset = impl_->dataset(name);
  check_convertible(*impl_, name, element, dataset);
  const Handle source = select_block(*impl_, name, dataset, offset, count);
  const Handle target = make_space(count);
  if (H5Dread(dataset, native_type(element), target.get(), source.get(), H5P_DEFAULT, values) < 0)
    impl_->fail("read", name);
}

}  // namespace scorefield::h5
