#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>

namespace scorefield::h5 {

/// What is to be told of an input.
struct InputReport {
  std::string complaint;        ///< of the first bytes that are not those that were written; empty: none
  std::uint64_t allocated = 0;  ///< bytes that HDF5 believes to be there
  std::uint64_t content = 0;    ///< bytes that are there, without a seal
};

/// Lets `access` (a file access property list) read sealed files (data/seal.hpp) through our own file driver: bytes are
/// compared with their checksums before HDF5 sees them for the first time, which its library, version 1.10, does not
/// survive in all cases. The first complaint goes to the report, and the call that wanted those bytes fails. `report`
/// must outlive the open file.
void use_input_driver(hid_t access, InputReport* report);

}  // namespace scorefield::h5
