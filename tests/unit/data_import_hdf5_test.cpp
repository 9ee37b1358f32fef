// What other people's HDF5 files have and ours never do: tables, virtual datasets, frames that were never written.

#include <gtest/gtest.h>
#include <hdf5.h>

#include <filesystem>

#include "core/error.hpp"
#include "data/import/import.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

class ImportHdf5 : public testing::Test {
 protected:
  hid_t create(const std::string& name) const {
    return H5Fcreate(folder_.path(name).c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  }
  /// A dataset of floats in chunks of one frame, of which the first `written` are there.
  void write_frames(const std::string& name, std::vector<hsize_t> dims, hsize_t written) const {
    const hid_t file = create(name), space = H5Screate_simple(3, dims.data(), nullptr);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    const std::vector<hsize_t> chunk{1, std::min<hsize_t>(dims[1], 1000), dims[2]};
    H5Pset_chunk(properties, 3, chunk.data());
    const hid_t data = H5Dcreate2(file, "samples", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    if (written > 0) {
      const std::vector<hsize_t> start(3), count{written, dims[1], dims[2]};
      H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
      const hid_t memory = H5Screate_simple(3, count.data(), nullptr);
      const std::vector<float> ones(written * dims[1] * dims[2], 1);
      H5Dwrite(data, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, ones.data());
      H5Sclose(memory);
    }
    H5Dclose(data), H5Pclose(properties), H5Sclose(space), H5Fclose(file);
  }
  data::ImportResult imported(const std::string& name, const std::string& samples = "samples") const {
    data::ImportOptions options;
    options.mu_values = {1};
    options.names.samples = samples;
    return data::import_files({folder_.path(name)}, options, {}, folder_.path("data.h5"));
  }
  void fails(const std::string& name, const std::vector<std::string>& words) const {
    expect_error<FileError>([&] { (void)imported(name); }, words);
    EXPECT_FALSE(std::filesystem::exists(folder_.path("data.h5")));
  }

  TemporaryFolder folder_;
};

TEST_F(ImportHdf5, TableOfParticles) {
  struct Particle {
    double x, v;
    std::int64_t id;
  };
  const std::vector<Particle> particles{{1, 10, 7}, {2, 20, 8}, {3, 30, 8}, {4, 40, 7}};
  const hid_t file = create("table.h5"), type = H5Tcreate(H5T_COMPOUND, sizeof(Particle));
  H5Tinsert(type, "x", HOFFSET(Particle, x), H5T_NATIVE_DOUBLE);
  H5Tinsert(type, "v", HOFFSET(Particle, v), H5T_NATIVE_DOUBLE);
  H5Tinsert(type, "id", HOFFSET(Particle, id), H5T_NATIVE_INT64);
  const std::vector<hsize_t> dims{2, 2};
  const hid_t space = H5Screate_simple(2, dims.data(), nullptr);
  const hid_t data = H5Dcreate2(file, "samples", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, particles.data());
  H5Dclose(data), H5Sclose(space), H5Tclose(type), H5Fclose(file);

  EXPECT_EQ(imported("table.h5").header.coordinates, (std::vector<std::string>{"x", "v"})) << "the id is none";
  EXPECT_EQ(imported("table.h5", "samples/v, samples/x").header.coordinates, (std::vector<std::string>{"v", "x"}));
  const data::DatasetReader reader(folder_.path("data.h5"));
  std::vector<float> values(4);
  reader.read_samples(0, 1, values);
  EXPECT_EQ(values[0], 10 * values[1]);
  EXPECT_EQ(values[0] + values[2], 70);
}

TEST_F(ImportHdf5, NeverWritten) {
  write_frames("whole.h5", {3, 4, 2}, 3);
  EXPECT_EQ(imported("whole.h5").header.frames(), 3);
  std::filesystem::remove(folder_.path("data.h5"));
  write_frames("part.h5", {3, 4, 2}, 2);
  fails("part.h5", {"part.h5", "'/samples'", "2 of 3 chunks", "zeros"});
  write_frames("none.h5", {2, 10000000000, 2}, 0);
  fails("none.h5", {"none.h5", "10000000000 particles", "memory"});
}

TEST_F(ImportHdf5, VirtualDatasetWithoutItsSource) {
  write_frames("part.h5", {3, 4, 2}, 3);
  const std::vector<hsize_t> dims{3, 4, 2};
  const hid_t file = create("whole.h5"), space = H5Screate_simple(3, dims.data(), nullptr);
  const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_virtual(properties, space, "part.h5", "samples", space);
  H5Dclose(H5Dcreate2(file, "samples", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, properties, H5P_DEFAULT));
  H5Pclose(properties), H5Sclose(space), H5Fclose(file);
  EXPECT_EQ(imported("whole.h5").header.frames(), 3);
  std::filesystem::remove(folder_.path("data.h5"));
  std::filesystem::remove(folder_.path("part.h5"));
  fails("whole.h5", {"whole.h5", "'part.h5'", "not there"});
}

}  // namespace
}  // namespace scorefield::test
