// Files whose bytes changed after they were written: noticed before HDF5, which may crash or hang, sees them.

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "data/inspect.hpp"
#include "data/seal.hpp"
#include "tests/support/dataset_file.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::data {
namespace {

using test::expect_error;

class Damaged : public ::testing::Test {
 protected:
  Damaged() { test::write_marked_dataset(path); }

  static std::vector<char> bytes_of(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void write(const std::string& path, const std::vector<char>& bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  /// The file as an older version, or another program, would have left it.
  void cut_seal() const {
    auto bytes = bytes_of(path);
    bytes.resize(verify_seal(path).value());
    write(path, bytes);
  }
  static void read_all(const std::string& path) {
    const DatasetReader reader(path);
    for (std::int64_t m = 0; m < reader.header().mu_count(); ++m)
      for (std::int64_t k = 0; k < reader.header().frames(); ++k) (void)reader.read_frame(m, k);
    (void)reader.read_diagnostics();
  }

  test::TemporaryFolder folder;
  const std::string path = folder.path("data.h5");
};

TEST_F(Damaged, WholeFilesAreVerified) {
  EXPECT_EQ(verify_seal(path), std::filesystem::file_size(path) - Seal::kFooter -
                                   8 * ((std::filesystem::file_size(path) + Seal::kBlock - 1) / Seal::kBlock));
  EXPECT_NO_THROW(read_all(path));
}

TEST_F(Damaged, EveryFlippedByteIsNoticed) {
  const auto whole = bytes_of(path);
  const auto content = verify_seal(path).value();
  for (std::size_t i = 0; i < whole.size(); i += i + 100 < content ? 89 : 1) {
    auto bytes = whole;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    write(path, bytes);
    EXPECT_THROW(read_all(path), FileError) << "byte " << i << " of " << whole.size();
  }
}

TEST_F(Damaged, TheFirstDamagedBytesAreNamed) {
  auto bytes = bytes_of(path);
  bytes[700] = static_cast<char>(bytes[700] ^ 1);
  write(path, bytes);
  expect_error<FileError>([&] { (void)verify_seal(path); }, {path, "bytes 0 to ", "checksum", "again"});
}

TEST_F(Damaged, FilesWithoutChecksumsAreReadAndNotVerified) {
  cut_seal();
  EXPECT_EQ(verify_seal(path), std::nullopt);
  EXPECT_NO_THROW(read_all(path));
  expect_error<FileError>([&] { (void)describe_file(path, Verify::every_byte); }, {path, "no checksums"});
}

// HDF5 1.10 reads a global heap whose objects have size 0 for ever.
TEST_F(Damaged, ZeroedHeapOfTextsEndsInSeconds) {
  cut_seal();
  auto bytes = bytes_of(path);
  const std::string_view heap = "GCOL";
  const auto found = std::search(bytes.begin(), bytes.end(), heap.begin(), heap.end());
  ASSERT_NE(found, bytes.end());
  std::fill_n(found + 16, 16, 0);
  write(path, bytes);
  const auto start = std::chrono::steady_clock::now();
  expect_error<FileError>([&] { read_all(path); }, {path, "damaged"});
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST_F(Damaged, WithoutChecksumsNoFlippedByteEndsTheProcess) {
  cut_seal();
  const auto whole = bytes_of(path);
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); i += 53) {
    auto bytes = whole;
    bytes[i] = static_cast<char>(~bytes[i]);
    write(path, bytes);
    try {
      read_all(path);
    } catch (const FileError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0);
}

// HDF5 1.10 releases a table of names that it has not filled yet where a read fails meanwhile.
TEST_F(Damaged, NamesBesideDamagedOnesAreRefused) {
  const std::string many = folder.path("many.h5");
  auto file = h5::File::create(many);
  for (int i = 0; i < 300; ++i)
    file.write<double>("/group/" + std::to_string(i) + std::string(200, 'x'), std::vector<double>(200, i), {200});
  file.close();
  const auto whole = bytes_of(many);
  ::mallopt(M_PERTURB, 0xa5);  // what was not filled is not zero
  int refused = 0;
  for (std::size_t block = 1; (block + 1) * Seal::kBlock < verify_seal(many).value(); ++block) {
    auto bytes = whole;
    bytes[block * Seal::kBlock + 100] = static_cast<char>(~bytes[block * Seal::kBlock + 100]);
    write(folder.path("damaged.h5"), bytes);
    try {
      EXPECT_EQ(h5::File::open(folder.path("damaged.h5")).children("/group").size(), 300U);
    } catch (const FileError&) {
      ++refused;
    }
  }
  ::mallopt(M_PERTURB, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace scorefield::data
