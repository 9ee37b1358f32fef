#include "data/h5_handle.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "core/text.hpp"

namespace scorefield::h5 {
namespace {

std::mutex& library_mutex() {
  static std::mutex mutex;
  return mutex;
}

herr_t visit_error(unsigned depth, const H5E_error2_t* error, void* data) {
  auto& failure = *static_cast<Failure*>(data);
  const std::string text = error->desc ? error->desc : "";
  if (depth == 0) failure.reason = text;
  if (error->min_num == H5E_TRUNCATED) failure.truncated = true;
  // The file driver quotes the system between a dozen internals: "... error message = 'No space left on device', ...".
  constexpr std::string_view kQuote = "error message = '";
  if (const auto start = text.find(kQuote); start != std::string::npos) {
    const auto begin = start + kQuote.size();
    failure.reason = text.substr(begin, text.find('\'', begin) - begin);
    return 1;
  }
  return 0;
}

}  // namespace

Session::Session() : lock_(library_mutex()) {
  // File closes everything it opens, so HDF5's own clean-up at exit has nothing to save; but after a damaged file
  // (a wrong checksum leaks inside of HDF5 1.10) it would complain on stderr of an "infinite loop".
  static const herr_t without_clean_up = H5dont_atexit();
  (void)without_clean_up;
  H5Eget_auto2(H5E_DEFAULT, &printer_, &printer_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Session::~Session() { H5Eset_auto2(H5E_DEFAULT, printer_, printer_data_); }

Failure last_failure() {
  Failure failure;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, visit_error, &failure);
  if (failure.reason.empty()) failure.reason = "HDF5 gave no reason";
  return failure;
}

void File::Impl::fail(const std::string& verb, const std::string& name) const {
  check_read();
  throw FileError(path, "cannot " + verb + " '" + name + "' (" + last_failure().reason + ").");
}

void File::Impl::check_read() const {
  if (!input.complaint.empty()) throw FileError(path, input.complaint);
}

void File::Impl::check_written() const {
  if (write_error != 0)
    throw FileError(path, std::string("could not be written completely (") + std::strerror(write_error) + ").");
}

hid_t File::Impl::id() const {
  if (!file.valid()) throw FileError(path, "used after it was closed.");
  return file.get();
}

bool File::Impl::link_exists(const std::string& name) const {
  const hid_t root = id();
  if (name.empty()) return false;
  // HDF5 wants every group on the way to exist before it answers.
  for (std::size_t slash = name.find('/', 1); slash != std::string::npos; slash = name.find('/', slash + 1))
    if (H5Lexists(root, name.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return check_read(), false;
  const bool there = name == "/" || (H5Lexists(root, name.c_str(), H5P_DEFAULT) > 0 &&
                                     H5Oexists_by_name(root, name.c_str(), H5P_DEFAULT) > 0);
  if (!there) check_read();
  return there;
}

Handle File::Impl::object(const std::string& name) const {
  if (!link_exists(name)) throw FileError(path, "has no group or dataset '" + name + "'.");
  Handle object(H5Oopen(id(), name.c_str(), H5P_DEFAULT), H5Oclose);
  if (!object.valid()) fail("open", name);
  return object;
}

namespace {

constexpr std::size_t kUnpackedBytes = std::size_t{64} << 20, kMostUnpackedBytes = std::size_t{512} << 20;

/// Room for one unpacked chunk at least, within reason: else every slice of it would unpack it again.
std::size_t cache_bytes(hid_t dataset, hid_t creation) {
  const Handle type(H5Dget_type(dataset), H5Tclose), space(H5Dget_space(dataset), H5Sclose);
  std::vector<hsize_t> chunk(space_dims(space.get()).size());
  std::size_t bytes = H5Tget_size(type.get());
  if (H5Pget_layout(creation) != H5D_CHUNKED) return kUnpackedBytes;
  H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
  for (const hsize_t extent : chunk) bytes *= extent;
  return std::clamp(bytes, kUnpackedBytes, kMostUnpackedBytes);
}

Handle access_properties(std::size_t cache_bytes) {
  Handle properties(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
  H5Pset_chunk_cache(properties.get(), cache_bytes ? 521 : 0, cache_bytes, H5D_CHUNK_CACHE_W0_DEFAULT);
  return properties;
}

}  // namespace

hid_t File::Impl::dataset(const std::string& name) {
  if (const auto found = datasets.find(name); found != datasets.end()) return found->second.get();
  if (!link_exists(name)) throw FileError(path, "has no dataset '" + name + "'.");
  const Handle plain = access_properties(0);
  // Without a chunk cache, plain chunks go straight between disk and the caller's buffer; compressed ones, which only
  // foreign files have, are unpacked once and kept.
  Handle opened(H5Dopen2(id(), name.c_str(), plain.get()), H5Dclose);
  if (!opened.valid()) fail("open dataset", name);
  const Handle creation(H5Dget_create_plist(opened.get()), H5Pclose);
  if (H5Pget_nfilters(creation.get()) > 0) {
    const Handle caching = access_properties(cache_bytes(opened.get(), creation.get()));
    opened.reset();
    opened = Handle(H5Dopen2(id(), name.c_str(), caching.get()), H5Dclose);
    if (!opened.valid()) fail("open dataset", name);
  }
  return datasets.emplace(name, std::move(opened)).first->second.get();
}

hid_t native_type(Element element) {
  switch (element) {
    case Element::float32:
      return H5T_NATIVE_FLOAT;
    case Element::float64:
      return H5T_NATIVE_DOUBLE;
    case Element::int64:
      return H5T_NATIVE_INT64;
    case Element::uint64:
      return H5T_NATIVE_UINT64;
    case Element::uint32:
      return H5T_NATIVE_UINT32;
    case Element::uint8:
      return H5T_NATIVE_UINT8;
  }
  return H5I_INVALID_HID;
}

std::string to_text(const Dims& dims) { return std::string("[").append(comma_joined(dims)).append("]"); }

std::int64_t element_count(const Dims& dims) {
  std::int64_t count = 1;
  for (const std::int64_t extent : dims) count *= extent;
  return count;
}

Dims space_dims(hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank <= 0) return {};
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  return {extents.begin(), extents.end()};
}

}  // namespace scorefield::h5
