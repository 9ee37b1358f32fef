#include "tests/support/damage_file.hpp"

#include <hdf5.h>

#include <filesystem>
#include <limits>
#include <stdexcept>
#include <vector>

namespace scorefield::test {
namespace {

/// An HDF5 call's result, or an exception: a test that cannot spoil its file must not pass.
template <class Result>
Result checked(Result result, const std::string& path) {
  if (result < 0) throw std::runtime_error(path + ": an HDF5 call of the test failed");
  return result;
}

}  // namespace

void set_format_version(const std::string& path, std::int64_t version) {
  const hid_t file = checked(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), path);
  const hid_t attribute = checked(H5Aopen(file, "format_version", H5P_DEFAULT), path);
  checked(H5Awrite(attribute, H5T_NATIVE_INT64, &version), path);
  checked(H5Aclose(attribute), path);
  checked(H5Fclose(file), path);
}

void set_first_value_nan(const std::string& path, const std::string& dataset) {
  const hid_t file = checked(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), path);
  const hid_t data = checked(H5Dopen(file, dataset.c_str(), H5P_DEFAULT), path);
  const hid_t space = checked(H5Dget_space(data), path);
  const int rank = checked(H5Sget_simple_extent_ndims(space), path);
  const std::vector<hsize_t> offset(static_cast<std::size_t>(rank), 0), count(static_cast<std::size_t>(rank), 1);
  checked(H5Sselect_hyperslab(space, H5S_SELECT_SET, offset.data(), nullptr, count.data(), nullptr), path);
  const hid_t one = checked(H5Screate_simple(rank, count.data(), nullptr), path);
  const float value = std::numeric_limits<float>::quiet_NaN();
  checked(H5Dwrite(data, H5T_NATIVE_FLOAT, one, space, H5P_DEFAULT, &value), path);
  for (const hid_t handle : {one, space}) checked(H5Sclose(handle), path);
  checked(H5Dclose(data), path);
  checked(H5Fclose(file), path);
}

void truncate_file(const std::string& path) {
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
}

}  // namespace scorefield::test
