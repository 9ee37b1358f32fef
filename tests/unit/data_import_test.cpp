// Foreign arrays become datasets: the same numbers in the same places, and a message for everything that does not fit.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <new>

#include "core/error.hpp"
#include "core/random.hpp"
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

/// The bytes as one deflate block that is only stored.
std::string stored_block(const std::string& bytes) {
  return std::string("\1", 1) + little(bytes.size(), 2) + little(bytes.size() ^ 0xffff, 2) + bytes;
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
  data::DatasetReader imported(const std::vector<std::string>& files, const ImportOptions& options = {}) {
    result_ = data::import_files(files, options, {}, folder_.path("data.h5"));
    return data::DatasetReader(folder_.path("data.h5"), data::Layouts::any);
  }
  void fails(const std::vector<std::string>& files, const ImportOptions& options,
             const std::vector<std::string>& words) const {
    const auto before = folder_.listing();
    expect_error<Error>([&] { static_cast<void>(data::import_files(files, options, {}, folder_.path("new.h5"))); },
                        words);
    EXPECT_EQ(folder_.listing(), before) << "something was left behind";
  }
  /// Rows in the dataset's order.
  static std::vector<float> in_order(const data::DatasetReader& reader, std::int64_t m, std::int64_t k,
                                     bool rates = false) {
    std::vector<float> values(
        static_cast<std::size_t>(reader.header().particles_at(m, k) * reader.header().dimension()));
    rates ? reader.read_velocities(m, k, values) : reader.read_samples(m, k, values);
    return values;
  }
  /// Sorted rows: the order of particles means nothing.
  static std::vector<float> frame(const data::DatasetReader& reader, std::int64_t m, std::int64_t k,
                                  bool rates = false) {
    const auto values = in_order(reader, m, k, rates);
    const auto d = static_cast<std::ptrdiff_t>(reader.header().dimension());
    std::vector<std::vector<float>> rows;
    for (auto row = values.begin(); row != values.end(); row += d) rows.emplace_back(row, row + d);
    std::sort(rows.begin(), rows.end());
    std::vector<float> sorted;
    for (const auto& row : rows) sorted.insert(sorted.end(), row.begin(), row.end());
    return sorted;
  }
  [[nodiscard]] std::string notes() const {
    std::string all;
    for (const auto& note : result_.notes) all += note + "\n";
    return all;
  }

  data::ImportResult result_;
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
  options.identity = data::ImportIdentity::trajectories;
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
  fails_for(npy("<f8", "(1, 2, 2)", bytes_of(std::vector<double>{1, NAN, NAN, 4})),
            {"bad.npy", "no particle", "finite"});
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

/// One array of one time per line: the same permutation for all times of a run, another for each frame of marginals.
TEST_F(Import, OrderOfParticlesMeansNothing) {
  const std::size_t n = 200;
  std::vector<double> rows;
  for (int k = 0; k < 2; ++k)
    for (std::size_t i = 0; i < n; ++i) rows.push_back(static_cast<double>(i));
  const auto path = write("a.npy", npy("<f8", "(2, 200, 1)", bytes_of(rows)));
  ImportOptions options;
  options.mu_values = {1};
  const auto marginals = imported({path}, options);
  const auto first = in_order(marginals, 0, 0), second = in_order(marginals, 0, 1);
  EXPECT_NE(first, second);
  EXPECT_EQ(frame(marginals, 0, 0), frame(marginals, 0, 1));
  double early = 0;  // mean of the first half, 49.5 in the file's order; a permutation's deviation is 4.1
  for (std::size_t i = 0; i < n / 2; ++i) early += first[i] / (0.5 * static_cast<double>(n));
  EXPECT_NEAR(early, 99.5, 20);
  EXPECT_NE(notes().find("permuted"), std::string::npos);
  options.identity = data::ImportIdentity::trajectories;
  const auto followed = imported({path}, options);
  EXPECT_EQ(in_order(followed, 0, 0), in_order(followed, 0, 1));
  EXPECT_NE(in_order(followed, 0, 0), frame(followed, 0, 0));
}

/// Draws in no order stay as they are; two species of one mean, the narrow one first, do not.
TEST_F(Import, OrderIsFoundByWhatItSays) {
  const Philox random(5, 0);
  std::vector<double> rows, species;
  for (std::size_t i = 0; i < 400; ++i) {
    rows.push_back(random.normals(i)[0]);
    species.push_back(rows.back() * (i < 200 ? 0.3 : 1));
  }
  ImportOptions options;
  options.mu_values = {1};
  const auto plain = imported({write("a.npy", npy("<f8", "(1, 400, 1)", bytes_of(rows)))}, options);
  const auto kept = in_order(plain, 0, 0);
  for (std::size_t i = 0; i < 400; ++i) EXPECT_FLOAT_EQ(kept[i], static_cast<float>(rows[i]));
  const auto path = write("b.npy", npy("<f8", "(1, 400, 1)", bytes_of(species)));
  EXPECT_NE(in_order(imported({path}, options), 0, 0)[0], static_cast<float>(species[0]));
  options.order = data::ImportOrder::kept;
  EXPECT_EQ(in_order(imported({path}, options), 0, 0)[0], static_cast<float>(species[0]));
}

TEST_F(Import, OneArrayPerCoordinate) {
  const auto x = npy("<f4", "(2, 3)", bytes_of(std::vector<float>{0, 1, 2, 3, 4, 5}));
  const auto v = npy(">f8", "(2, 3)", bytes_of(std::vector<std::uint64_t>(6, __builtin_bswap64(0x4024000000000000))));
  const auto t = npy("<f8", "(2,)", bytes_of(std::vector{0.0, 0.5}));
  const auto path = write("run_0.25.npz", npz({{"x", x}, {"v", v}, {"t", t}}));
  const auto reader = imported({folder_.path("run_{speed}.npz")});
  EXPECT_EQ(reader.header().coordinates, (std::vector<std::string>{"x", "v"}));
  EXPECT_EQ(reader.header().time, (std::vector{0.0, 0.5}));
  EXPECT_EQ(reader.header().mu, (std::vector<std::vector<double>>{{0.25}}));
  EXPECT_EQ(reader.header().mu_names, (std::vector<std::string>{"speed"}));
  EXPECT_EQ(frame(reader, 0, 1), (std::vector<float>{3, 10, 4, 10, 5, 10}));
  ImportOptions options;
  options.mu_values = {1};
  options.names.samples = "v, x";
  EXPECT_EQ(frame(imported({path}, options), 0, 0), (std::vector<float>{10, 0, 10, 1, 10, 2}));
}

TEST_F(Import, OneFilePerTime) {
  for (const int k : {10, 2, 100}) {  // sorted by number, not by name
    const auto rows = npy("<f8", "(3, 1)", bytes_of(counted(3, k)));
    write("a_" + std::to_string(k) + ".npy", rows);
    write("b_" + std::to_string(k) + ".npz",
          npz({{"samples", rows}, {"time", npy("<f8", "()", bytes_of(std::vector{0.1 * k}))}}));
  }
  ImportOptions options;
  options.mu_values = {1};
  options.duration = 9.8;
  const auto bare = imported({folder_.path("a_%T.npy")}, options);
  ASSERT_EQ(bare.header().frames(), 3);
  EXPECT_NEAR(bare.header().time[1], 0.8, 1e-12) << "in proportion to the numbers";
  EXPECT_EQ(frame(bare, 0, 0), (std::vector<float>{2, 3, 4}));
  EXPECT_EQ(frame(bare, 0, 2), (std::vector<float>{100, 101, 102}));
  const auto timed = imported({folder_.path("b_%T.npz")}, options);
  EXPECT_EQ(timed.header().time, (std::vector{0.2, 1.0, 10.0}));
  fails({folder_.path("c_%T.npz")}, options, {"c_%T.npz", "matches"});
}

TEST_F(Import, OneArrayPerTime) {
  const auto path = folder_.path("steps.h5");
  {
    auto file = h5::File::create(path);
    for (const int k : {20, 3}) {
      file.write<double>("/step" + std::to_string(k) + "/x", counted(2, k), {2});
      file.write<double>("/step" + std::to_string(k) + "/p", counted(2, -k), {2});
    }
    file.write<double>("/t", std::vector{0.5, 4.0}, {2});
    file.set_attribute("/", "beta", 0.7);
    file.close();
  }
  ImportOptions options;
  options.names.samples = "step%T/x, step%T/p";
  options.names.mu = "beta";
  const auto reader = imported({path}, options);
  EXPECT_EQ(reader.header().time, (std::vector{0.5, 4.0}));
  EXPECT_EQ(reader.header().mu, (std::vector<std::vector<double>>{{0.7}}));
  EXPECT_EQ(reader.header().mu_names, (std::vector<std::string>{"beta"}));
  EXPECT_EQ(reader.header().coordinates, (std::vector<std::string>{"x", "p"}));
  EXPECT_EQ(frame(reader, 0, 0), (std::vector<float>{3, -3, 4, -2}));
}

TEST_F(Import, CompressedArchive) {
  const auto samples = stored_block(npy("<f8", "(3, 2, 2)", bytes_of(counted(12))));
  const auto reader = imported({write(
      "a.npz", npz({{"samples", samples}, {"mu", stored_block(npy("<f8", "(1,)", bytes_of(counted(1, 3))))}}, 8))});
  EXPECT_EQ(frame(reader, 0, 0), (std::vector<float>{0, 1, 2, 3}));
  EXPECT_EQ(frame(reader, 0, 2), (std::vector<float>{8, 9, 10, 11}));
}

// Lengths in its directory that lead out of it.
TEST_F(Import, AnArchivesDamagedDirectoryIsNamed) {
  const auto whole = npz({{"samples", npy("<f8", "(3, 2, 2)", bytes_of(counted(12)))}});
  for (const std::size_t length : {std::size_t{28}, std::size_t{30}}) {
    auto bytes = whole;
    bytes[bytes.find("PK\1\2") + length + 1] = '\x7f';
    fails({write("damaged.npz", bytes)}, {}, {"damaged.npz", "damaged zip directory"});
  }
  const auto cut = npy("<f8", "(3, 2, 2)", "").replace(10, 118, std::string("{'descr':").append(109, ' '));
  fails({write("cut.npy", cut)}, {}, {"cut.npy", "NumPy header"});
}

// A header of version 2 may claim any length, and an array any shape.
TEST_F(Import, WhatAnArchiveClaimsTakesNoMemory) {
  std::string header = npy("<f8", "(3, 2, 2)", bytes_of(counted(12)));
  header = std::string("\x93NUMPY\2\0", 8) + little(0xfffffff0, 4) + header.substr(10);
  const auto endless = write("endless.npz", npz({{"samples", stored_block(header)}}, 8));
  const auto wide =
      write("wide.npz", npz({{"samples", stored_block(npy("<f8", "(3, 900000000, 2)", bytes_of(counted(12))))}}, 8));
  const auto refused = [&](const std::string& path) {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit memory{pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + (1 << 30), RLIM_INFINITY};
    ::setrlimit(RLIMIT_AS, &memory);
    try {
      ImportOptions options;
      options.mu_values = {1};
      (void)data::import_files({path}, options, {}, folder_.path("new.h5"));
    } catch (const FileError& error) {
      std::cerr << error.what() << std::endl;
      std::_Exit(3);
    } catch (const std::bad_alloc&) {
      std::_Exit(5);
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(refused(endless), testing::ExitedWithCode(3), "endless.npz: array 'samples' .* ends too early");
  EXPECT_EXIT(refused(wide), testing::ExitedWithCode(3), "wide.npz: ends within an array of shape");
}

TEST_F(Import, TimesEqualUpToRounding) {
  const auto samples = npy("<f8", "(3, 2, 1)", bytes_of(counted(6)));
  const auto with_time = [&](const std::string& name, std::vector<double> time, double mu) {
    return write(name, npz({{"samples", samples},
                            {"time", npy("<f8", "(3,)", bytes_of(time))},
                            {"mu", npy("<f8", "(1,)", bytes_of(std::vector{mu}))}}));
  };
  const auto a = with_time("a.npz", {0, 0.1, 0.2}, 1);
  EXPECT_EQ(imported({a, with_time("b.npz", {0, 0.1f, 0.1 + 0.1f}, 2)}).header().time, (std::vector{0.0, 0.1, 0.2}));
  ImportOptions options;
  options.particles = data::ImportParticles::equal;
  fails({a, with_time("c.npz", {0, 0.101, 0.2}, 2)}, options, {"c.npz", "other times"});
}

TEST_F(Import, LostParticlesAreLeftOut) {
  auto rows = counted(12);
  rows[4 + 2] = rows[8 + 2] = NAN;  // [3, 2, 2]: the second particle leaves after the first time
  rows[4 + 3] = rows[8 + 3] = NAN;
  const auto path = write("a.npy", npy("<f8", "(3, 2, 2)", bytes_of(rows)));
  ImportOptions options;
  options.mu_values = {1};
  options.identity = data::ImportIdentity::trajectories;
  const auto reader = imported({path}, options);
  EXPECT_EQ(reader.header().particles, 1);
  EXPECT_EQ(frame(reader, 0, 0), (std::vector<float>{0, 1}));
  EXPECT_EQ(frame(reader, 0, 2), (std::vector<float>{8, 9}));
  EXPECT_NE(notes().find("2 samples of lost particles"), std::string::npos) << notes();
}

TEST_F(Import, IdsMakeTrajectories) {
  const auto samples = npy("<f8", "(2, 3, 1)", bytes_of(std::vector<double>{10, 20, 30, 21, 31, 11}));
  const auto id = npy("<u8", "(2, 3)", bytes_of(std::vector<std::uint64_t>{1, 2, 1ull << 63, 2, 1ull << 63, 1}));
  const auto mu = npy("<f8", "(1,)", bytes_of(counted(1)));
  const auto reader = imported({write("a.npz", npz({{"samples", samples}, {"id", id}, {"mu", mu}}))});
  EXPECT_EQ(reader.header().identity, data::Identity::trajectories);
  const auto before = in_order(reader, 0, 0), after = in_order(reader, 0, 1);
  for (std::size_t n = 0; n < 3; ++n) EXPECT_EQ(after[n], before[n] + 1);
  const auto twice = npy("<i8", "(2, 3)", bytes_of(std::vector<std::int64_t>{1, 2, 3, 2, 2, 1}));
  const auto path = write("b.npz", npz({{"samples", samples}, {"id", twice}, {"mu", mu}}));
  EXPECT_EQ(imported({path}).header().identity, data::Identity::marginals);
  ImportOptions options;
  options.identity = data::ImportIdentity::trajectories;
  fails({path}, options, {"b.npz", "id twice"});
}

/// Two thirds of the weight on one of two particles; equal weights change nothing.
TEST_F(Import, WeightsAreDrawnBy) {
  std::vector<double> rows, weights;
  for (int n = 0; n < 300; ++n) {
    rows.push_back(n % 2);
    weights.push_back(n % 2 ? 5 : 2.5);
  }
  const auto mu = npy("<f8", "(1,)", bytes_of(counted(1)));
  const auto samples = npy("<f8", "(1, 300, 1)", bytes_of(rows));
  ImportOptions options;
  options.particles = data::ImportParticles::equal;
  const auto reader = imported(
      {write("a.npz", npz({{"samples", samples}, {"weights", npy("<f8", "(300,)", bytes_of(weights))}, {"mu", mu}}))},
      options);
  double mean = 0;
  for (const float x : in_order(reader, 0, 0)) mean += x / 300;
  EXPECT_NEAR(mean, 2.0 / 3, 0.06);  // independent draws would have a deviation of 0.027
  EXPECT_NE(notes().find("weights"), std::string::npos) << notes();
}

/// Frames that differ keep their particles, with weights; runs keep their times.
TEST_F(Import, AllParticles) {
  auto rows = counted(6);
  rows[4] = NAN;
  const auto mu = [](double value) { return npy("<f8", "(1,)", bytes_of(std::vector{value})); };
  const auto weights = npy("<f8", "(3,)", bytes_of(std::vector{1.0, 2.0, 3.0}));
  const auto a = write("a.npz", npz({{"samples", npy("<f8", "(2, 3, 1)", bytes_of(rows))},
                                     {"weights", weights},
                                     {"time", npy("<f8", "(2,)", bytes_of(counted(2)))},
                                     {"mu", mu(1)}}));
  const auto b = write("b.npz", npz({{"samples", npy("<f8", "(1, 3, 1)", bytes_of(counted(3)))},
                                     {"weights", weights},
                                     {"time", npy("<f8", "(1,)", bytes_of(counted(1, 5)))},
                                     {"mu", mu(2)}}));
  ImportOptions options;
  options.particles = data::ImportParticles::equal;
  fails({a, b}, options, {"b.npz", "1 times", "import.particles=all"});
  options = {};
  static_cast<void>(data::import_files({a, b}, options, {}, folder_.path("data.h5")));
  const data::DatasetReader reader(folder_.path("data.h5"), data::Layouts::any);
  ASSERT_TRUE(reader.header().ragged());
  EXPECT_EQ(reader.header().times(1), std::vector{5.0});
  EXPECT_EQ(reader.header().particles_at(0, 0), 3);
  EXPECT_EQ(reader.header().particles_at(0, 1), 2);
  auto frame = reader.read_frame(0, 1);
  if (frame.samples[0] > frame.samples[1])
    std::swap(frame.samples[0], frame.samples[1]), std::swap(frame.weights[0], frame.weights[1]);
  EXPECT_EQ(frame.samples, (std::vector<float>{3, 5}));
  EXPECT_EQ(frame.weights, (std::vector<float>{1, 3}));
}

TEST_F(Import, ParametersFromATable) {
  const auto samples = npz({{"samples", npy("<f8", "(1, 2, 1)", bytes_of(counted(2)))}});
  const auto a = write("a.npz", samples), b = write("b.npz", samples);
  ImportOptions options;
  options.mu_table = write("runs.csv", "T, k\n1, 0.5\n2, 0.25\n");
  const auto reader = imported({a, b}, options);
  EXPECT_EQ(reader.header().mu, (std::vector<std::vector<double>>{{1, 0.5}, {2, 0.25}}));
  EXPECT_EQ(reader.header().mu_names, (std::vector<std::string>{"T", "k"}));
  options.mu_table = write("named.csv", "file,T\nb.npz,2\na.npz,1\n");
  EXPECT_EQ(imported({a, b}, options).header().mu, (std::vector<std::vector<double>>{{1}, {2}}));
  options.mu_table = write("short.csv", "T\n1\n");
  fails({a, b}, options, {"short.csv", "1", "expected 2"});
  options.mu_table = write("comma.csv", "T\n1,5\n2,5\n");
  fails({a, b}, options, {"comma.csv", "line 2", "2 entries"});
}

/// Positions in boxes of length 2 and 4 become fractions of the box.
TEST_F(Import, BoxPerRun) {
  for (const std::string length : {"2", "4"})
    write("L" + length + ".npz",
          npz({{"samples", npy("<f8", "(1, 2, 2)", bytes_of(std::vector<double>{1, 7, 2, 8}))},
               {"velocities", npy("<f8", "(1, 2, 2)", bytes_of(std::vector<double>{4, 1, 8, 2}))}}));
  ImportOptions options;
  options.box = "L, 0";
  options.coordinates = "x, v";
  const auto reader = imported({folder_.path("L{L}.npz")}, options);
  EXPECT_EQ(reader.header().periods, (std::vector<double>{1, 0}));
  EXPECT_EQ(reader.header().units, (std::vector<std::string>{"box", "1"}));
  EXPECT_EQ(frame(reader, 0, 0), (std::vector<float>{0.5, 7, 1, 8}));
  EXPECT_EQ(frame(reader, 1, 0), (std::vector<float>{0.25, 7, 0.5, 8}));
  EXPECT_EQ(frame(reader, 1, 0, true), (std::vector<float>{1, 1, 2, 2}));
  options.box = "width, 0";
  fails({folder_.path("L{L}.npz")}, options, {"import.box", "width"});
}

TEST_F(Import, RecordedDiagnostics) {
  const auto file = write("a.npz", npz({{"samples", npy("<f8", "(2, 2, 1)", bytes_of(counted(4)))},
                                        {"time", npy("<f8", "(2,)", bytes_of(counted(2)))},
                                        {"EE", npy("<f8", "(2,)", bytes_of(counted(2, 7)))},
                                        {"momentum", npy("<f8", "(2, 2)", bytes_of(counted(4)))},
                                        {"mu", npy("<f8", "(1,)", bytes_of(counted(1)))}}));
  ImportOptions options;
  options.diagnostics = "electric_energy=EE, momentum, absent";
  const auto diagnostics = imported({file}, options).read_diagnostics();
  ASSERT_TRUE(diagnostics.has_value());
  EXPECT_EQ(diagnostics->time, counted(2));
  ASSERT_EQ(diagnostics->series.size(), 1u);
  EXPECT_EQ(diagnostics->series.at("electric_energy").values, counted(2, 7));
}

TEST_F(Import, WarnsOfWhatFloat32Loses) {
  ImportOptions options;
  options.mu_values = {1};
  (void)imported({write("near.npy", npy("<f8", "(1, 9, 1)", bytes_of(counted(9, 1e2))))}, options);
  EXPECT_TRUE(result_.warnings.empty());
  (void)imported({write("far.npy", npy("<f8", "(1, 9, 1)", bytes_of(counted(9, 1e8))))}, options);
  ASSERT_EQ(result_.warnings.size(), 1u);
  EXPECT_NE(result_.warnings[0].find("float32"), std::string::npos);
}

}  // namespace
}  // namespace scorefield::test
