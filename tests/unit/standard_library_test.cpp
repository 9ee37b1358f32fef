// LibTorch's CUDA wheels export std::filesystem functions of another release of the standard library.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temporary_folder.hpp"

namespace scorefield {
namespace {

namespace fs = std::filesystem;

TEST(StandardLibrary, FileSystemFunctionsAreNotLibTorchs) {
  const auto function = static_cast<std::uintmax_t (*)(const fs::path&)>(&fs::remove_all);
  Dl_info found{};
  ASSERT_NE(dladdr(reinterpret_cast<const void*>(function), &found), 0);
  EXPECT_EQ(std::string(found.dli_fname).find("libtorch"), std::string::npos)
      << "std::filesystem::remove_all comes from " << found.dli_fname;
}

TEST(StandardLibrary, RemovesAFolderWithAllThatIsInIt) {
  const test::TemporaryFolder folder;
  const auto tree = fs::path(folder.path("tree"));
  fs::create_directories(tree / "a" / "b");
  std::ofstream(tree / "a" / "b" / "file") << "text";
  EXPECT_EQ(fs::remove_all(tree), 4u);
  EXPECT_FALSE(fs::exists(tree));
  EXPECT_EQ(torch::zeros({2}).size(0), 2);  // LibTorch is in the program
}

}  // namespace
}  // namespace scorefield
