// The part of h5::File that only other people's files need.

#include <hdf5_hl.h>

#include <filesystem>

#include "data/h5_handle.hpp"

namespace scorefield::h5 {
namespace {

bool holds_numbers(hid_t type) {
  const H5T_class_t kind = H5Tget_class(type);
  return kind == H5T_INTEGER || kind == H5T_FLOAT;
}

/// A file and dataset that a virtual dataset shows.
struct VirtualSource {
  std::string file, dataset;
};

std::vector<VirtualSource> virtual_sources(hid_t creation) {
  std::size_t count = 0;
  H5Pget_virtual_count(creation, &count);
  std::vector<VirtualSource> sources;
  const auto text = [&](auto&& get, std::size_t i) {
    const ssize_t length = get(creation, i, nullptr, 0);
    std::string name(static_cast<std::size_t>(length > 0 ? length : 0), '\0');
    if (length > 0) get(creation, i, name.data(), name.size() + 1);
    return name;
  };
  for (std::size_t i = 0; i < count; ++i)
    sources.push_back({text(H5Pget_virtual_filename, i), text(H5Pget_virtual_dsetname, i)});
  return sources;
}

/// Chunks that the extent has, and those of them that are in the file.
struct Chunks {
  double expected = 1, written = 0;
};

Chunks count_chunks(hid_t dataset, hid_t creation) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Dims extent = space_dims(space.get());
  std::vector<hsize_t> chunk(extent.size());
  H5Pget_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
  Chunks chunks;
  for (std::size_t i = 0; i < extent.size(); ++i)
    chunks.expected *= static_cast<double>((static_cast<hsize_t>(extent[i]) + chunk[i] - 1) / chunk[i]);
#if H5_VERSION_GE(1, 10, 5)
  hsize_t written = 0;
  H5Dget_num_chunks(dataset, space.get(), &written);
  chunks.written = static_cast<double>(written);
#else
  chunks.written = H5Dget_storage_size(dataset) > 0 ? chunks.expected : 0;
#endif
  return chunks;
}

}  // namespace

std::vector<std::string> File::fields(const std::string& name) const {
  const Session session;
  const Handle type(H5Dget_type(impl_->dataset(name)), H5Tclose);
  std::vector<std::string> names;
  if (H5Tget_class(type.get()) != H5T_COMPOUND) return names;
  const int count = H5Tget_nmembers(type.get());
  for (int i = 0; i < count; ++i) {
    const Handle member(H5Tget_member_type(type.get(), static_cast<unsigned>(i)), H5Tclose);
    if (!holds_numbers(member.get())) continue;
    char* text = H5Tget_member_name(type.get(), static_cast<unsigned>(i));
    names.emplace_back(text);
    H5free_memory(text);
  }
  return names;
}

void File::read_field_slab(const std::string& name, const std::string& field, Element element, const Dims& offset,
                           const Dims& count, void* values) const {
  const Session session;
  const hid_t dataset = impl_->dataset(name);
  const hid_t number = native_type(element);
  const Handle table(H5Tcreate(H5T_COMPOUND, H5Tget_size(number)), H5Tclose);
  H5Tinsert(table.get(), field.c_str(), 0, number);
  const Handle source = select_block(*impl_, name, dataset, offset, count);
  const Handle target = make_space(count);
  if (H5Dread(dataset, table.get(), target.get(), source.get(), H5P_DEFAULT, values) < 0)
    impl_->fail("read field " + field + " of", name);
}

void File::require_complete(const std::string& name) const {
  std::vector<VirtualSource> sources;
  {
    const Session session;
    const hid_t dataset = impl_->dataset(name);
    const Handle creation(H5Dget_create_plist(dataset), H5Pclose), space(H5Dget_space(dataset), H5Sclose);
    if (element_count(space_dims(space.get())) == 0) return;
    const H5D_layout_t layout = H5Pget_layout(creation.get());
    if (layout == H5D_VIRTUAL) sources = virtual_sources(creation.get());
    if (layout == H5D_CONTIGUOUS && H5Pget_external_count(creation.get()) == 0 && H5Dget_storage_size(dataset) == 0)
      throw FileError(impl_->path, "dataset '" + name + "' was declared but never written: it would read as zeros.");
    if (layout == H5D_CHUNKED) {
      const Chunks chunks = count_chunks(dataset, creation.get());
      if (chunks.written < chunks.expected)
        throw FileError(impl_->path, "dataset '" + name + "' was written in part only, " +
                                         std::to_string(static_cast<std::int64_t>(chunks.written)) + " of " +
                                         std::to_string(static_cast<std::int64_t>(chunks.expected)) +
                                         " chunks: the rest would read as zeros. Write the missing frames, or cut the "
                                         "array at the last complete one.");
    }
  }
  const auto folder = std::filesystem::path(impl_->path).parent_path();
  for (const auto& [file, dataset] : sources) {
    if (file == "." || file.find('%') != std::string::npos) continue;  // this file itself; a family of files
    const std::filesystem::path beside = folder / file;                // an absolute path stays as it is
    const std::string found = std::filesystem::exists(beside) ? beside.string() : file;
    if (!std::filesystem::exists(found))
      throw FileError(impl_->path, "dataset '" + name + "' is virtual and its source file '" + file +
                                       "' is not there: it would read as zeros. Bring the file back beside this one.");
    const File source = File::open(found);
    if (!source.exists(dataset))
      throw FileError(impl_->path, "dataset '" + name + "' is virtual and '" + file + "' has no dataset '" + dataset +
                                       "': it would read as zeros.");
    source.require_complete(dataset);
  }
}

void File::make_dimension(const std::string& dataset, const std::string& name) {
  const Session session;
  if (H5DSset_scale(impl_->dataset(dataset), name.c_str()) < 0) impl_->fail("make a dimension of", dataset);
  impl_->check_written();
}

void File::attach_dimension(const std::string& dataset, int axis, const std::string& dimension) {
  const Session session;
  if (H5DSattach_scale(impl_->dataset(dataset), impl_->dataset(dimension), static_cast<unsigned>(axis)) < 0)
    impl_->fail("attach dimension " + dimension + " to", dataset);
  impl_->check_written();
}

}  // namespace scorefield::h5
