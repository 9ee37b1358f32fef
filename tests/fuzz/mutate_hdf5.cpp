#include <hdf5.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "tests/fuzz/mutate.hpp"

namespace scorefield::test {
namespace {

/// An object of a file, or an attribute of one.
struct Place {
  std::string object, attribute;
};

herr_t note_attribute(hid_t, const char* name, const H5A_info_t*, void* data) {
  auto& places = *static_cast<std::vector<Place>*>(data);
  places.push_back({places.back().object, name});
  return 0;
}

herr_t note_object(hid_t root, const char* name, const H5O_info_t* info, void* data) {
  auto& places = *static_cast<std::vector<Place>*>(data);
  places.push_back({name, ""});
  const hid_t object = H5Oopen(root, name, H5P_DEFAULT);
  H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, note_attribute, data);
  H5Oclose(object);
  (void)info;
  return 0;
}

/// A shape near `old`, or none that anybody expects.
std::vector<hsize_t> odd_shape(std::vector<hsize_t> old, Dice& dice) {
  const auto any = [&] { return roll(dice, 6) == 0 ? hsize_t{0} : hsize_t{roll(dice, 12)}; };
  switch (roll(dice, 6)) {
    case 0:
      return {};
    case 1:
      old.push_back(any());
      break;
    case 2:
      if (!old.empty()) old.pop_back();
      break;
    case 3:
      if (!old.empty()) old[roll(dice, old.size())] = 0;
      break;
    case 4:
      if (!old.empty()) old[roll(dice, old.size())] += roll(dice, 2) == 0 ? 1 : hsize_t(-1);
      break;
    default:
      if (!old.empty()) old[roll(dice, old.size())] = any();
  }
  for (auto& extent : old) extent = std::min<hsize_t>(extent, 100000);
  return old;
}

hid_t odd_type(hid_t old, Dice& dice) {
  switch (roll(dice, 8)) {
    case 0:
      return H5Tcopy(H5T_NATIVE_FLOAT);
    case 1:
      return H5Tcopy(H5T_NATIVE_INT64);
    case 2:
      return H5Tcopy(H5T_NATIVE_DOUBLE);
    case 3:
      return H5Tcopy(H5T_NATIVE_UINT8);
    case 4: {
      const hid_t text = H5Tcopy(H5T_C_S1);
      H5Tset_size(text, 7);
      return text;
    }
    default:
      return H5Tis_variable_str(old) > 0 ? H5Tcopy(H5T_NATIVE_DOUBLE) : H5Tcopy(old);
  }
}

/// Numbers of all sizes, some not finite, or such bytes as text.
std::vector<double> odd_numbers(std::size_t count, Dice& dice) {
  std::vector<double> values(count);
  const auto kind = roll(dice, 7);
  for (auto& value : values) {
    value = static_cast<double>(roll(dice, 2000)) / 100 - 5;
    if (kind == 0) value = std::numeric_limits<double>::quiet_NaN();
    if (kind == 1) value = 1e300;
    if (kind == 2) value = -1;
    if (kind == 3) value = 0;
    if (kind == 4) value = 1099511627776.0;
  }
  return values;
}

struct Replacement {
  hid_t type, space;
  std::vector<hsize_t> shape;
  std::vector<double> values;
};

Replacement replacement(hid_t old_type, hid_t old_space, Dice& dice) {
  std::vector<hsize_t> shape(static_cast<std::size_t>(std::max(0, H5Sget_simple_extent_ndims(old_space))));
  if (!shape.empty()) H5Sget_simple_extent_dims(old_space, shape.data(), nullptr);
  if (roll(dice, 2) == 0) shape = odd_shape(shape, dice);
  std::size_t count = 1;
  for (const hsize_t extent : shape) count *= extent;
  const hid_t space =
      shape.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  return {odd_type(old_type, dice), space, shape, odd_numbers(std::min<std::size_t>(count, 1 << 20), dice)};
}

hid_t memory_type(hid_t type) { return H5Tget_class(type) == H5T_STRING ? H5Tcopy(type) : H5Tcopy(H5T_NATIVE_DOUBLE); }

void mutate_attribute(hid_t file, const Place& place, Dice& dice) {
  const hid_t owner = H5Oopen(file, place.object.c_str(), H5P_DEFAULT);
  const hid_t old = H5Aopen(owner, place.attribute.c_str(), H5P_DEFAULT);
  const hid_t old_type = H5Aget_type(old), old_space = H5Aget_space(old);
  const auto next = replacement(old_type, old_space, dice);
  H5Aclose(old);
  H5Adelete(owner, place.attribute.c_str());
  if (roll(dice, 4) > 0) {
    const hid_t made = H5Acreate2(owner, place.attribute.c_str(), next.type, next.space, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t memory = memory_type(next.type);
    if (made >= 0 && !next.values.empty()) H5Awrite(made, memory, next.values.data());
    H5Tclose(memory);
    if (made >= 0) H5Aclose(made);
  }
  for (const hid_t type : {old_type, next.type}) H5Tclose(type);
  for (const hid_t space : {old_space, next.space}) H5Sclose(space);
  H5Oclose(owner);
}

void mutate_dataset(hid_t file, const std::string& name, Dice& dice) {
  const hid_t old = H5Dopen2(file, name.c_str(), H5P_DEFAULT);
  if (old < 0) {
    H5Ldelete(file, name.c_str(), H5P_DEFAULT);  // a group
    return;
  }
  const hid_t old_type = H5Dget_type(old), old_space = H5Dget_space(old);
  const auto next = replacement(old_type, old_space, dice);
  H5Ldelete(file, name.c_str(), H5P_DEFAULT);
  if (roll(dice, 5) > 0) {
    const hid_t made = H5Dcreate2(file, name.c_str(), next.type, next.space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    for (int k = static_cast<int>(H5Aget_num_attrs(old)) - 1; made >= 0 && k >= 0; --k) {
      // Attributes follow as they were: readers get as far as to the shape.
      const hid_t from =
          H5Aopen_by_idx(old, ".", H5_INDEX_NAME, H5_ITER_INC, static_cast<hsize_t>(k), H5P_DEFAULT, H5P_DEFAULT);
      char text[256];
      H5Aget_name(from, sizeof text, text);
      const hid_t type = H5Aget_type(from), space = H5Aget_space(from);
      std::vector<char> bytes(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)) * H5Tget_size(type) + 1);
      const hid_t to = H5Acreate2(made, text, type, space, H5P_DEFAULT, H5P_DEFAULT);
      if (to >= 0 && H5Aread(from, type, bytes.data()) >= 0) H5Awrite(to, type, bytes.data());
      if (to >= 0) H5Aclose(to);
      H5Tclose(type);
      H5Sclose(space);
      H5Aclose(from);
    }
    const hid_t memory = memory_type(next.type);
    std::size_t count = 1;
    for (const hsize_t extent : next.shape) count *= extent;
    if (made >= 0 && count > 0 && count <= next.values.size())
      H5Dwrite(made, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, next.values.data());
    H5Tclose(memory);
    if (made >= 0) H5Dclose(made);
  }
  for (const hid_t type : {old_type, next.type}) H5Tclose(type);
  for (const hid_t space : {old_space, next.space}) H5Sclose(space);
  H5Dclose(old);
}

}  // namespace

bool mutate_hdf5(const std::string& path, Dice& dice) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  if (file < 0) return false;
  for (auto i = roll(dice, 3) + 1; i > 0; --i) {
    std::vector<Place> places;
    H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, note_object, &places);
    if (places.size() < 2) break;
    const Place place = places[1 + roll(dice, places.size() - 1)];
    if (place.attribute.empty()) mutate_dataset(file, place.object, dice);
    else mutate_attribute(file, place, dice);
  }
  return H5Fclose(file) >= 0;
}

}  // namespace scorefield::test
