// Foreign arrays become datasets: the same numbers in the same places, and a message for everything that does not fit.

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.hpp"
#include "data/import/import.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/numpy_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

using data::ImportOptions;

std::string little(std::size_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

/// What np.savez writes: stored entries, then the directory. `method` 8 is deflate.
std::string npz(const std::vector<std::pair<std::string, std::string>>& arrays, int method = 0) {
  std::string file, directory;
  for (const auto& [name, content] : arrays) {
    const std::string entry = name + ".npy", sizes = little(content.size(), 4) + little(content.size(), 4);
    const std::string common = little(20, 2) + little(0, 2) + little(static_cast<std::size_t>(method), 2) +
                               little(0, 8) + sizes + little(entry.size(), 2);
    directory +=
        "PK\1\2" + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 8) + little(file.size(), 4) + entry;
    file += "PK\3\4" + common + little(4, 2) + entry + "xtra" + content;  // the local entry may have an extra field
  }
  return file + directory + "PK\5\6" + little(0, 4) + little(arrays.size(), 2) + little(arrays.size(), 2) +
         little(directory.size(), 4) + little(file.size(), 4) + little(0, 2);
}

std::vector<double> counted(std::size_t count, double first = 0) {
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = first + static_cast<double>(i);
  return values;
}

class Import : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_.path(name), std::ios::binary) << content;
    return folder_.path(name);
  }
  data::DatasetReader imported(const std::vector<std::string>& files, const ImportOptions& options = {}) const {
    static_cast<void>(data::import_files(files, options, {}, folder_.path("data.h5")));
    return data::DatasetReader(folder_.path("data.h5"));
  }
  void fails(const std::vector<std::string>& files, const ImportOptions& options,
             const std::vector<std::string>& words) const {
    const auto before = folder_.listing();
    expect_error<Error>([&] { static_cast<void>(data::import_files(files, options, {}, folder_.path("new.h5"))); },
                        words);
    EXPECT_EQ(folder_.listing(), before) << "something was left behind";
  }
  static std::vector<float> frame(const data::DatasetReader& reader, std::int64_t m, std::int64_t k,
                                  bool rates = false) {
    std::vector<float> values(static_cast<std::size_t>(reader.header().frame_size()));
    rates ? reader.read_velocities(m, k, values) : reader.read_samples(m, k, values);
    return values;
  }

  TemporaryFolder folder_;
};

/// Two runs of three times, two particles, two coordinates: number i of the array is i.
TEST_F(Import, ArchiveWithEverything) {
  const auto file = write("runs.npz", npz({{"samples", npy("<f8", "(2, 3, 2, 2)", bytes_of(counted(24)))},
                                           {"velocities", npy("<f8", "(2, 3, 2, 2)", bytes_of(counted(24, 100)))},
                                           {"time", npy("<f8", "(3,)", bytes_of(std::vector{0.0, 0.5, 2.0}))},
                                           {"mu", npy("<i8", "(2,)", bytes_of(std::vector<std::int64_t>{3, 4}))}}));
  ImportOptions options;
  options.coordinates = "x, v";
  options.periods = {50, 0};
  options.identity = data::Identity::trajectories;
  const auto reader = imported({file}, options);
  const auto& header = reader.header();
  EXPECT_EQ(header.mu, (std::vector<std::vector<double>>{{3}, {4}}));
  EXPECT_EQ(header.time, (std::vector{0.0, 0.5, 2.0}));
  EXPECT_EQ(header.coordinates, (std::vector<std::string>{"x", "v"}));
  EXPECT_EQ(header.periods, (std::vector<double>{50, 0}));
  EXPECT_EQ(header.identity, data::Identity::trajectories);
  EXPECT_EQ(frame(reader, 0, 0), (std::vector<float>{0, 1, 2, 3}));
  EXPECT_EQ(frame(reader, 1, 2), (std::vector<float>{20, 21, 22, 23}));
  EXPECT_EQ(frame(reader, 1, 1, true), (std::vector<float>{116, 117, 118, 119}));
}

TEST_F(Import, OneArrayPerRun) {
  const auto a =
      write("a.npy", npy("<f4", "(3, 2, 2)", bytes_of(std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})));
  const auto b = write("b.npy", npy("<i4", "(3, 2, 2)", bytes_of(std::vector<std::int32_t>(12, 7))));
  ImportOptions options;
  options.mu_values = {1.2, 1.3};
  options.duration = 40;
  const auto reader = imported({a, b}, options);
  EXPECT_EQ(reader.header().mu, (std::vector<std::vector<double>>{{1.2}, {1.3}}));
  EXPECT_EQ(reader.header().time, (std::vector{0.0, 20.0, 40.0}));
  EXPECT_EQ(reader.header().coordinates, (std::vector<std::string>{"x1", "x2"}));
  EXPECT_EQ(reader.header().identity, data::Identity::marginals);
  EXPECT_FALSE(reader.header().has_velocities);
  EXPECT_EQ(frame(reader, 0, 2), (std::vector<float>{8, 9, 10, 11}));
  EXPECT_EQ(frame(reader, 1, 0), (std::vector<float>(4, 7)));
  fails({a, b}, {}, {"a.npy", "--mu", "(2)"});
  options.mu_values = {1.2};
  fails({a, b}, options, {"import.mu_values", "1", "expected 2"});
}

TEST_F(Import, ForeignHdf5) {
  const auto path = folder_.path("foreign.h5");
  {
    auto file = h5::File::create(path);
    file.write<double>("/run/x", counted(24), {2, 3, 2, 2});
    file.write<double>("/beta", std::vector<double>{1, 2, 3, 4}, {2, 2});
    file.close();
  }
  ImportOptions options;
  options.names.samples = "run/x";
  options.names.mu = "beta";
  options.mu_name = "beta, k";
  const auto reader = imported({path}, options);
  EXPECT_EQ(reader.header().mu, (std::vector<std::vector<double>>{{1, 2}, {3, 4}}));
  EXPECT_EQ(reader.header().mu_names, (std::vector<std::string>{"beta", "k"}));
  EXPECT_EQ(frame(reader, 1, 1), (std::vector<float>{16, 17, 18, 19}));
  options.names.samples = "absent";
  fails({path}, options, {"foreign.h5", "no array 'absent'", "beta"});
}

TEST_F(Import, SaysWhatDoesNotFit) {
  ImportOptions options;
  options.mu_values = {1};
  const auto fails_for = [&](const std::string& content, const std::vector<std::string>& words) {
    fails({write("bad.npy", content)}, options, words);
  };
  fails_for(npy("<f8", "(4, 2)", bytes_of(counted(8))), {"bad.npy", "[4, 2]", "[times, particles, coordinates]"});
  fails_for(npy("<c8", "(1, 2, 2)", bytes_of(counted(4))), {"bad.npy", "<c8", "float32"});
  fails_for(npy("<f8", "(1, 2, 2)", bytes_of(counted(4)), "True "), {"bad.npy", "Fortran order"});
  fails_for(npy("<f8", "(1, 2, 2)", bytes_of(counted(3))), {"bad.npy", "ends within an array"});
  fails_for(npy("<f8", "(1, 0, 2)", ""), {"bad.npy", "empty"});
  fails_for(npy("<f8", "(1, 2, 2)", bytes_of(std::vector<double>{1, NAN, 3, 4})), {"particle 0", "not finite"});
  fails_for("x, v\n", {"bad.npy", "not an HDF5 file"});
  fails_for(npz({{"samples", "zzz"}}, 8), {"'samples'", "compressed"});
  fails_for(npz({{"x", npy("<f8", "(1, 2, 2)", bytes_of(counted(4)))}}), {"no array 'samples'", "there are: x"});
  fails_for(npz({{"samples", npy("<f8", "(1, 2, 2)", bytes_of(counted(4)))}}).substr(0, 100), {"truncated"});
  const std::string samples = npy("<f8", "(1, 2, 2)", bytes_of(counted(4)));
  fails_for(npz({{"samples", samples}, {"time", npy("<f8", "(2,)", bytes_of(counted(2)))}}),
            {"'time'", "2", "expected"});
  fails_for(npz({{"samples", samples}, {"velocities", npy("<f8", "(1, 4)", bytes_of(counted(4)))}}),
            {"'velocities'", "[1, 4]"});
  fails({folder_.path("absent.npz")}, options, {"absent.npz", "no such file"});
  options.coordinates = "x";
  fails_for(samples, {"import.coordinates", "1", "expected 2"});
}

}  // namespace
}  // namespace scorefield::test
