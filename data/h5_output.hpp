#pragma once

#include <hdf5.h>

namespace scorefield::h5 {

/// Lets `access` (a file access property list) write through our own file driver. The HDF5 library does not survive
/// a failed write: what could not be flushed stays open, and the process crashes in HDF5's clean-up at exit. This
/// driver therefore keeps failures (a full disk, a file size limit) from HDF5: the first one's errno goes to `*error`,
/// and everything after it is dropped. The caller looks at `*error` after every call and abandons the file. `error`
/// must outlive the open file.
void use_output_driver(hid_t access, int* error);

}  // namespace scorefield::h5
