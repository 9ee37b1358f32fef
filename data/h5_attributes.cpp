// The attribute half of h5::File.

#include <algorithm>
#include <type_traits>

#include "data/h5_handle.hpp"

namespace scorefield::h5 {
namespace {

std::string where(const std::string& object, const std::string& name) {
  return object == "/" ? "root attribute '" + name + "'" : "attribute '" + name + "' of '" + object + "'";
}

/// Variable-length UTF-8, which h5py shows as str. Not bound by the 64 KiB limit of an object header.
Handle string_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

/// Replaces or creates; `values` is null for an empty list.
void write_attribute(const File::Impl& file, const std::string& object, const std::string& name, hid_t type,
                     const Handle& space, const void* values) {
  const Handle owner = file.object(object);
  if (H5Aexists(owner.get(), name.c_str()) > 0) H5Adelete(owner.get(), name.c_str());
  const Handle attribute(H5Acreate2(owner.get(), name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute.valid() || (values && H5Awrite(attribute.get(), type, values) < 0)) file.fail("write attribute", name);
}

Handle scalar_space() { return {H5Screate(H5S_SCALAR), H5Sclose}; }

Handle list_space(std::size_t size) {
  const hsize_t extent = size;
  return {H5Screate_simple(1, &extent, nullptr), H5Sclose};
}

/// An attribute open for reading: its type and its number of elements.
struct Opened {
  Handle attribute;
  Handle type;
  std::size_t count = 0;

  [[nodiscard]] H5T_class_t kind() const { return H5Tget_class(type.get()); }
};

bool attribute_exists(const File::Impl& file, const Handle& owner, const std::string& name) {
  const bool there = H5Aexists(owner.get(), name.c_str()) > 0;
  if (!there) file.check_read();
  return there;
}

Opened open_attribute(const File::Impl& file, const std::string& object, const std::string& name) {
  const Handle owner = file.object(object);
  if (!attribute_exists(file, owner, name)) throw FileError(file.path, "has no " + where(object, name) + ".");
  Opened opened;
  opened.attribute = Handle(H5Aopen(owner.get(), name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!opened.attribute.valid()) file.fail("open attribute", name);
  opened.type = Handle(H5Aget_type(opened.attribute.get()), H5Tclose);
  const Handle space(H5Aget_space(opened.attribute.get()), H5Sclose);
  opened.count = static_cast<std::size_t>(std::max<hssize_t>(0, H5Sget_simple_extent_npoints(space.get())));
  return opened;
}

[[noreturn]] void wrong_kind(const File::Impl& file, const std::string& object, const std::string& name,
                             const std::string& expected) {
  throw FileError(file.path, where(object, name) + " is not " + expected + ".");
}

template <class T>
std::vector<T> read_numbers(const File::Impl& file, const std::string& object, const std::string& name) {
  const Opened opened = open_attribute(file, object, name);
  const bool good = opened.kind() == H5T_INTEGER || (opened.kind() == H5T_FLOAT && std::is_floating_point_v<T>);
  if (!good) wrong_kind(file, object, name, std::is_floating_point_v<T> ? "a number" : "a whole number");
  std::vector<T> values(opened.count);
  if (opened.count > 0 && H5Aread(opened.attribute.get(), native_type(element_of<T>()), values.data()) < 0)
    file.fail("read attribute", name);
  return values;
}

template <class T>
T read_one(const File::Impl& file, const std::string& object, const std::string& name) {
  const auto values = read_numbers<T>(file, object, name);
  if (values.size() != 1) wrong_kind(file, object, name, "a single number");
  return values.front();
}

std::vector<std::string> read_variable_strings(const File::Impl& file, const Opened& opened, const std::string& object,
                                               const std::string& name) {
  if (file.texts) {
    const std::string place = object.starts_with('/') ? object.substr(1) : object;
    if (const auto found = file.texts->find({place.empty() ? "." : place, name}); found != file.texts->end())
      return found->second;
  }
  std::vector<char*> raw(opened.count, nullptr);
  const Handle type = string_type();
  H5Tset_cset(type.get(), H5Tget_cset(opened.type.get()));
  if (H5Aread(opened.attribute.get(), type.get(), raw.data()) < 0) file.fail("read attribute", name);
  std::vector<std::string> strings;
  for (char* text : raw) strings.emplace_back(text ? text : "");
  const Handle space(H5Aget_space(opened.attribute.get()), H5Sclose);
  H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, raw.data());
  return strings;
}

std::vector<std::string> read_fixed_strings(const File::Impl& file, const Opened& opened, const std::string& name) {
  const std::size_t width = H5Tget_size(opened.type.get());
  std::string raw(width * opened.count, '\0');
  if (H5Aread(opened.attribute.get(), opened.type.get(), raw.data()) < 0) file.fail("read attribute", name);
  std::vector<std::string> strings;
  for (std::size_t i = 0; i < opened.count; ++i) {
    std::string text = raw.substr(i * width, width);
    text.resize(std::min(text.find('\0'), text.size()));
    if (H5Tget_strpad(opened.type.get()) == H5T_STR_SPACEPAD) text.resize(text.find_last_not_of(' ') + 1);
    strings.push_back(std::move(text));
  }
  return strings;
}

std::vector<std::string> read_strings(const File::Impl& file, const std::string& object, const std::string& name) {
  const Opened opened = open_attribute(file, object, name);
  if (opened.kind() != H5T_STRING) wrong_kind(file, object, name, "text");
  if (opened.count == 0) return {};
  return H5Tis_variable_str(opened.type.get()) > 0 ? read_variable_strings(file, opened, object, name)
                                                   : read_fixed_strings(file, opened, name);
}

}  // namespace

std::vector<std::string> File::attributes(const std::string& object) const {
  const Session session;
  const Handle owner = impl_->object(object);
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5A_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  if (H5Aiterate2(owner.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, add, &names) < 0)
    impl_->fail("list the attributes of", object);
  std::sort(names.begin(), names.end());
  return names;
}

std::string File::attribute_type(const std::string& object, const std::string& name) const {
  const Session session;
  const Opened opened = open_attribute(*impl_, object, name);
  const Handle space(H5Aget_space(opened.attribute.get()), H5Sclose);
  const std::string many = H5Sget_simple_extent_type(space.get()) == H5S_SCALAR ? "" : "s";
  if (opened.kind() == H5T_STRING) return "string" + many;
  if (opened.kind() == H5T_INTEGER) return "integer" + many;
  if (opened.kind() == H5T_FLOAT) return "number" + many;
  return "other";
}

bool File::has_attribute(const std::string& object, const std::string& name) const {
  const Session session;
  return impl_->link_exists(object) && attribute_exists(*impl_, impl_->object(object), name);
}

void File::set_attribute(const std::string& object, const std::string& name, const std::string& value) {
  const Session session;
  const char* text = value.c_str();
  write_attribute(*impl_, object, name, string_type().get(), scalar_space(), &text);
}

void File::set_attribute(const std::string& object, const std::string& name, std::int64_t value) {
  const Session session;
  write_attribute(*impl_, object, name, H5T_NATIVE_INT64, scalar_space(), &value);
}

void File::set_attribute(const std::string& object, const std::string& name, double value) {
  const Session session;
  write_attribute(*impl_, object, name, H5T_NATIVE_DOUBLE, scalar_space(), &value);
}

void File::set_attribute(const std::string& object, const std::string& name, const std::vector<double>& values) {
  const Session session;
  write_attribute(*impl_, object, name, H5T_NATIVE_DOUBLE, list_space(values.size()), values.data());
}

void File::set_attribute(const std::string& object, const std::string& name, const std::vector<std::string>& values) {
  const Session session;
  std::vector<const char*> texts;
  for (const auto& value : values) texts.push_back(value.c_str());
  write_attribute(*impl_, object, name, string_type().get(), list_space(values.size()), texts.data());
}

void File::set_text(const std::string& object, const std::string& name, const std::string& value) {
  const Session session;
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), std::max<std::size_t>(1, value.size()));
  write_attribute(*impl_, object, name, type.get(), scalar_space(), value.c_str());
}

void File::set_unsigned(const std::string& object, const std::string& name, std::uint32_t value) {
  const Session session;
  write_attribute(*impl_, object, name, H5T_NATIVE_UINT32, scalar_space(), &value);
}

void File::set_unsigned(const std::string& object, const std::string& name, const std::vector<std::uint64_t>& values) {
  const Session session;
  write_attribute(*impl_, object, name, H5T_NATIVE_UINT64, list_space(values.size()), values.data());
}

std::string File::string_attribute(const std::string& object, const std::string& name) const {
  const Session session;
  auto strings = read_strings(*impl_, object, name);
  if (strings.size() != 1) wrong_kind(*impl_, object, name, "a single text");
  return std::move(strings.front());
}

std::int64_t File::integer_attribute(const std::string& object, const std::string& name) const {
  const Session session;
  return read_one<std::int64_t>(*impl_, object, name);
}

double File::number_attribute(const std::string& object, const std::string& name) const {
  const Session session;
  return read_one<double>(*impl_, object, name);
}

std::vector<double> File::numbers_attribute(const std::string& object, const std::string& name) const {
  const Session session;
  return read_numbers<double>(*impl_, object, name);
}

std::vector<std::string> File::strings_attribute(const std::string& object, const std::string& name) const {
  const Session session;
  return read_strings(*impl_, object, name);
}

}  // namespace scorefield::h5
