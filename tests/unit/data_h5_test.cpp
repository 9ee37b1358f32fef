#include "data/h5.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "core/error.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::h5 {
namespace {

using test::expect_error;

class H5 : public ::testing::Test {
 protected:
  /// Fills a new file with `fill`, closes it, and opens it for reading.
  template <class Fill>
  File reopened(Fill&& fill) {
    File file = File::create(path());
    fill(file);
    file.close();
    return File::open(path());
  }
  [[nodiscard]] std::string path() const { return folder_.path("file.h5"); }

  test::TemporaryFolder folder_;
};

template <class T>
class H5Element : public H5 {};
using ElementTypes = ::testing::Types<float, double, std::int64_t, std::uint64_t, std::uint32_t, std::uint8_t>;
TYPED_TEST_SUITE(H5Element, ElementTypes);

TYPED_TEST(H5Element, WholeArraysComeBackWithShapeAndType) {
  using T = TypeParam;
  const std::vector<T> values{T{1}, T{2}, T{3}, T{4}, T{5}, std::numeric_limits<T>::max()};
  const std::vector<T> scalar{T{7}};
  const File file = this->reopened([&](File& f) {
    f.write<T>("/deep/group/values", values, {2, 3});
    f.write<T>("/scalar", scalar, {});
    f.write<T>("/none", {}, {0, 3});
  });
  EXPECT_EQ(file.read<T>("/deep/group/values"), values);
  EXPECT_EQ(file.dims("/deep/group/values"), (Dims{2, 3}));
  EXPECT_EQ(file.dims("/scalar"), Dims{});
  EXPECT_EQ(file.read<T>("/scalar"), scalar);
  EXPECT_EQ(file.dims("/none"), (Dims{0, 3}));
  EXPECT_TRUE(file.read<T>("/none").empty());
  const std::map<Element, std::string> names{{Element::float32, "float32"}, {Element::float64, "float64"},
                                             {Element::int64, "int64"},     {Element::uint64, "uint64"},
                                             {Element::uint32, "uint32"},   {Element::uint8, "uint8"}};
  EXPECT_EQ(file.element_type("/scalar"), names.at(element_of<T>()));
}

TEST_F(H5, BlocksLandWhereTheyBelong) {
  const File file = reopened([](File& f) {
    f.create_dataset<float>("/x", {2, 3, 2}, {1, 3, 2});
    const std::vector<float> block{1, 2, 3, 4};
    f.write_block<float>("/x", {1, 1, 0}, {1, 2, 2}, block);
  });
  EXPECT_EQ(file.read<float>("/x"), (std::vector<float>{0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}));
  std::vector<float> row(2);
  file.read_block<float>("/x", {1, 2, 0}, {1, 1, 2}, row);
  EXPECT_EQ(row, (std::vector<float>{3, 4}));
}

TEST_F(H5, ReadingConvertsNumbers) {
  const File file = reopened([](File& f) {
    const std::vector<double> values{0.5, -2};
    const std::vector<std::int64_t> whole{-3, 4};
    f.write<double>("/double", values, {2});
    f.write<std::int64_t>("/whole", whole, {2});
  });
  EXPECT_EQ(file.read<float>("/double"), (std::vector<float>{0.5f, -2.0f}));
  EXPECT_EQ(file.read<double>("/whole"), (std::vector<double>{-3, 4}));
  expect_error<FileError>([&] { (void)file.read<std::int64_t>("/double"); }, {path(), "'/double'", "whole numbers"});
}

TEST_F(H5, AttributesComeBack) {
  const std::string long_text(200000, 'x');  // beyond the 64 KiB of an object header
  const File file = reopened([&](File& f) {
    const std::vector<float> one{1};
    f.write<float>("/x", one, {1});
    f.set_attribute("/", "text", std::string("first"));
    f.set_attribute("/", "text", std::string("gr\xc3\xbc\xc3\x9f"));
    f.set_attribute("/", "long", long_text);
    f.set_attribute("/", "empty", std::string());
    f.set_attribute("/", "whole", std::int64_t{-5});
    f.set_attribute("/", "number", 0.25);
    f.set_attribute("/x", "numbers", std::vector<double>{1, 0});
    f.set_attribute("/x", "words", std::vector<std::string>{"x", "", "v"});
    f.set_attribute("/x", "no_words", std::vector<std::string>{});
  });
  EXPECT_EQ(file.string_attribute("/", "text"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(file.string_attribute("/", "long"), long_text);
  EXPECT_EQ(file.string_attribute("/", "empty"), "");
  EXPECT_EQ(file.integer_attribute("/", "whole"), -5);
  EXPECT_EQ(file.number_attribute("/", "number"), 0.25);
  EXPECT_EQ(file.number_attribute("/", "whole"), -5);
  EXPECT_EQ(file.numbers_attribute("/x", "numbers"), (std::vector<double>{1, 0}));
  EXPECT_EQ(file.strings_attribute("/x", "words"), (std::vector<std::string>{"x", "", "v"}));
  EXPECT_TRUE(file.strings_attribute("/x", "no_words").empty());
  EXPECT_TRUE(file.has_attribute("/x", "words"));
  EXPECT_FALSE(file.has_attribute("/x", "text"));
  EXPECT_FALSE(file.has_attribute("/y", "text"));
}

TEST_F(H5, AttributeErrorsNameObjectAndExpectation) {
  const File file = reopened([](File& f) {
    const std::vector<float> one{1};
    f.write<float>("/x", one, {1});
    f.set_attribute("/x", "word", std::string("x"));
    f.set_attribute("/x", "pair", std::vector<double>{1, 2});
  });
  expect_error<FileError>([&] { (void)file.string_attribute("/x", "units"); }, {path(), "'units'", "'/x'", "has no"});
  expect_error<FileError>([&] { (void)file.string_attribute("/", "format"); }, {"has no root attribute 'format'"});
  expect_error<FileError>([&] { (void)file.string_attribute("/x", "pair"); }, {"'pair'", "not text"});
  expect_error<FileError>([&] { (void)file.number_attribute("/x", "word"); }, {"'word'", "not a number"});
  expect_error<FileError>([&] { (void)file.number_attribute("/x", "pair"); }, {"'pair'", "single number"});
  expect_error<FileError>([&] { (void)file.integer_attribute("/x", "pair"); }, {"'pair'", "whole number"});
  expect_error<FileError>([&] { (void)file.string_attribute("/y", "a"); }, {"no group or dataset '/y'"});
}

TEST_F(H5, TreeCanBeWalked) {
  const File file = reopened([](File& f) {
    const std::vector<float> one{1};
    f.write<float>("/model/b", one, {1});
    f.write<float>("/model/a", one, {1});
    f.write<float>("/x", one, {1});
  });
  EXPECT_EQ(file.children("/"), (std::vector<std::string>{"model", "x"}));
  EXPECT_EQ(file.children("/model"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(file.is_group("/model"));
  EXPECT_TRUE(file.is_group("/"));
  EXPECT_FALSE(file.is_group("/x"));
  EXPECT_TRUE(file.is_dataset("/x"));
  EXPECT_FALSE(file.is_dataset("/model"));
  EXPECT_TRUE(file.exists("/"));
  EXPECT_TRUE(file.exists("/model/a"));
  EXPECT_FALSE(file.exists("/model/c"));
  EXPECT_FALSE(file.exists("/nothing/here"));
  EXPECT_EQ(file.stored_bytes("/x"), 4);
}

TEST_F(H5, MisuseIsNamed) {
  File file = File::create(path());
  const std::vector<float> three{1, 2, 3};
  expect_error<FileError>([&] { file.write<float>("/x", three, {2}); }, {"'/x'", "3 values", "[2]"});
  file.write<float>("/x", three, {3});
  expect_error<FileError>([&] { file.write<float>("/x", three, {3}); }, {"cannot create dataset '/x'", "exists"});
  expect_error<FileError>([&] { file.write_block<float>("/x", {1}, {3}, three); }, {"[3] at [1]", "outside", "[3]"});
  expect_error<FileError>([&] { file.write_block<float>("/x", {-1}, {3}, three); }, {"outside"});
  expect_error<FileError>([&] { file.write_block<float>("/x", {0, 0}, {1, 3}, three); }, {"outside"});
  expect_error<FileError>([&] { (void)file.read<float>("/y"); }, {"no dataset '/y'"});
  expect_error<FileError>([&] { (void)file.children("/y"); }, {"no group or dataset '/y'"});
  expect_error<FileError>([&] { file.create_dataset<float>("/z", {2, 2}, {2}); }, {"'/z'", "[2, 2]", "[2]"});
  file.close();
  expect_error<FileError>([&] { (void)file.exists("/x"); }, {"after it was closed"});
  expect_error<FileError>([&] { file.close(); }, {"after it was closed"});
}

TEST_F(H5, MessagesUseTheDisplayPath) {
  const File file = File::create(path(), "wanted.h5");
  const std::string message = expect_error<FileError>([&] { (void)file.dims("/x"); }, {"wanted.h5: "});
  EXPECT_EQ(message.find(path()), std::string::npos);
}

TEST_F(H5, MovedFilesStayOpen) {
  File first = File::create(path());
  const std::vector<float> one{1};
  File second = std::move(first);
  second.write<float>("/x", one, {1});
  File third = File::create(folder_.path("other.h5"));
  third = std::move(second);
  EXPECT_TRUE(third.exists("/x"));
}

}  // namespace
}  // namespace scorefield::h5
