// What the electric field of imported particles follows from: charge, density and box.

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

class ImportCharge : public testing::Test {
 protected:
  /// One run of two times, four particles, x and v.
  [[nodiscard]] std::string run(const std::string& name) const {
    std::vector<double> values;
    for (int i = 0; i < 16; ++i) values.push_back(0.1 * i);
    std::ofstream(folder_.path(name), std::ios::binary) << npy("<f8", "(2, 4, 2)", bytes_of(values));
    return folder_.path(name);
  }
  [[nodiscard]] static ImportOptions charged() {
    ImportOptions options;
    options.mu_values = {1, 2};
    options.coordinates = "x, v";
    options.periods = {2, 0};
    options.charge = -0.5;
    return options;
  }
  data::DatasetHeader imported(const ImportOptions& options) {
    result_ = data::import_files({run("a.npy"), run("b.npy")}, options, {}, folder_.path("data.h5"));
    return data::DatasetReader(folder_.path("data.h5")).header();
  }
  data::ImportResult result_;
  TemporaryFolder folder_;
};

TEST_F(ImportCharge, ParticlesOverTheBox) {
  const auto header = imported(charged());
  ASSERT_TRUE(header.field.has_value());
  EXPECT_EQ(header.field->coordinates, std::vector<std::string>{"x"});
  EXPECT_EQ(header.field->lengths, (std::vector<std::vector<double>>{{2}, {2}}));
  EXPECT_EQ(header.field->charge_density, (std::vector<double>{-1, -1})) << "four particles of -0.5 on 2";
  EXPECT_EQ(header.field->permittivity, 1);
  EXPECT_FALSE(result_.notes.empty());
}

TEST_F(ImportCharge, DensityAndPermittivityByKey) {
  auto options = charged();
  options.density = 10;
  options.permittivity = 2;
  const auto header = imported(options);
  EXPECT_EQ(header.field->charge_density, (std::vector<double>{-5, -5}));
  EXPECT_EQ(header.field->permittivity, 2);
}

TEST_F(ImportCharge, BoxThatDiffersBetweenRuns) {
  auto options = charged();
  options.periods.clear();
  options.mu_name = "L";
  options.box = "L, 0";
  const auto header = imported(options);
  EXPECT_EQ(header.periods, (std::vector<double>{1, 0}));
  EXPECT_EQ(header.field->lengths, (std::vector<std::vector<double>>{{1}, {2}})) << "in units of the charge density";
  EXPECT_EQ(header.field->charge_density, (std::vector<double>{-2, -1}));
}

TEST_F(ImportCharge, NoChargeNoField) {
  auto options = charged();
  options.charge = 0;
  EXPECT_FALSE(imported(options).field.has_value());
}

TEST_F(ImportCharge, ChargeNeedsAPeriodicCoordinate) {
  auto options = charged();
  options.periods.clear();
  expect_error<UsageError>([&] { (void)imported(options); }, {"import.charge", "import.periods"});
}

}  // namespace
}  // namespace scorefield::test
