// Points [N, d] of every kind of file that has some.

#include "data/points.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/error.hpp"
#include "data/samples_file.hpp"
#include "tests/support/dataset_file.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/numpy_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::data {
namespace {

using test::bytes_of;
using Numbers = std::vector<double>;

class PointFiles : public ::testing::Test {
 protected:
  std::string write(const std::string& numpy) const {
    std::ofstream(folder.path("points.npy"), std::ios::binary) << numpy;
    return folder.path("points.npy");
  }
  static Numbers values(const NamedArray& points) { return std::get<Numbers>(points.values); }

  test::TemporaryFolder folder;
};

TEST_F(PointFiles, OfANumpyArray) {
  const auto points =
      read_points(write(test::npy("<f4", "(2, 3)", bytes_of(std::vector<float>{1, 2, 3, 4, 5, 6}))), {});
  EXPECT_EQ(points.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(values(points), (Numbers{1, 2, 3, 4, 5, 6}));
}

TEST_F(PointFiles, OfASamplesFile) {
  const std::string path = folder.path("samples.h5");
  write_samples(path, {.provenance = {},
                       .method = "mpm",
                       .target = "banana",
                       .notes = {},
                       .arrays = {{"samples", {{3, 1}, Numbers{0.1, 0.2, 0.3}}}}});
  EXPECT_EQ(values(read_points(path, {})), (Numbers{0.1, 0.2, 0.3}));
}

TEST_F(PointFiles, OfTheNearestFrame) {
  const std::string path = folder.path("data.h5");
  test::write_marked_dataset(path);
  const auto points = read_points(path, {.mu = {1.4}, .time = {0.6}});
  const auto expected = test::marked_frame(test::small_header(), 1, 1);
  EXPECT_EQ(points.shape, (std::vector<std::int64_t>{4, 2}));
  EXPECT_EQ(values(points), Numbers(expected.begin(), expected.end()));
}

TEST_F(PointFiles, HaveTheWeightsOfTheirFile) {
  const std::string path = folder.path("data.h5"), samples = folder.path("samples.h5");
  auto header = test::small_header();
  header.has_velocities = false;
  header.has_weights = true;
  header.mu = {{1.2}};
  header.time = {0};
  const std::vector<float> weights{1, 0, 2, 5};
  {
    DatasetWriter writer(path, header);
    writer.write_frame(0, 0, test::marked_frame(header, 0, 0), {}, weights);
    writer.commit();
  }
  EXPECT_EQ(read_points(path, {}).weights, weights);
  const auto write = [&](const Numbers& of_samples) {
    write_samples(samples, {.provenance = {},
                            .method = "wfr",
                            .target = "banana",
                            .notes = {},
                            .arrays = {{"samples", {{3, 1}, Numbers{0.1, 0.2, 0.3}}}, {"weights", {{3}, of_samples}}}});
  };
  write({0.5, 0.25, 0.25});
  EXPECT_EQ(read_points(samples, {}).weights, (std::vector<float>{0.5, 0.25, 0.25}));
  write({0, 0, 0});
  test::expect_error<FileError>([&] { (void)read_points(samples, {}); }, {samples, "weights", "0 throughout"});
}

TEST_F(PointFiles, SayWhatDoesNotFit) {
  const auto fails = [&](const std::string& numpy, const std::vector<std::string>& words) {
    test::expect_error<FileError>([&] { (void)read_points(write(numpy), {}); }, words);
  };
  fails(test::npy("<f8", "(4,)", bytes_of(Numbers{1, 2, 3, 4})), {"points.npy", "[4]", "[N, d]"});
  fails(test::npy("<f8", "(2, 1)", bytes_of(Numbers{1, NAN})), {"points.npy", "not finite"});
  fails("x, y\n0.1, 0.2\n", {"points.npy", "NumPy"});
}

}  // namespace
}  // namespace scorefield::data
