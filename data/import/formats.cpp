#include "data/import/format.hpp"

namespace scorefield::data {

/// One line a format. Any HDF5 file is the last kind: formats that are made of HDF5 come before it.
constexpr std::unique_ptr<ImportFormat> (*kFormats[])() = {
    make_format<class NpyFormat>,
    make_format<class NpzFormat>,
    make_format<class OpenpmdFormat>,
    make_format<class Hdf5Format>,
};

std::vector<std::unique_ptr<ImportFormat>> make_import_formats() {
  std::vector<std::unique_ptr<ImportFormat>> formats;
  for (const auto make : kFormats) formats.push_back(make());
  return formats;
}

}  // namespace scorefield::data
