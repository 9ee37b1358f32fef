#include "data/import/format.hpp"

namespace scorefield::data {

using MakeFormat = std::unique_ptr<ImportFormat>();
MakeFormat make_npy_format, make_npz_format, make_openpmd_format, make_hdf5_format;  // each in the file of its name

std::vector<std::unique_ptr<ImportFormat>> make_import_formats() {
  std::vector<std::unique_ptr<ImportFormat>> formats;
  for (MakeFormat* make : {
           make_npy_format, make_npz_format, make_openpmd_format,
           make_hdf5_format,  // any HDF5: formats that are made of HDF5 come before it
       })
    formats.push_back(make());
  return formats;
}

}  // namespace scorefield::data
