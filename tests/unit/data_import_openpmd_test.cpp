// openPMD series become datasets: units, offsets, constants, macro-particles, encodings, species.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "data/import/import.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temporary_folder.hpp"

namespace scorefield::test {
namespace {

using data::ImportOptions;

constexpr double kLightSpeed = 299792458.0;
constexpr double kElectronMass = 9.1093837015e-31;

/// A file of the standard's 1.1, to which iterations are added.
class PmdFile {
 public:
  PmdFile(const std::string& path, const std::string& encoding, const std::string& base = "/data/%T/",
          const std::string& particles = "particles/")
      : file_(h5::File::create(path)) {
    file_.set_attribute("/", "openPMD", std::string("1.1.0"));
    file_.set_attribute("/", "iterationEncoding", encoding);
    file_.set_attribute("/", "basePath", base);
    file_.set_attribute("/", "particlesPath", particles);
  }
  h5::File& file() { return file_; }

  void array(const std::string& path, const std::vector<double>& values, double unit) {
    file_.write<double>(path, values, {static_cast<std::int64_t>(values.size())});
    file_.set_attribute(path, "unitSI", unit);
  }
  /// `count` copies of a value, as attributes of a group; the shape as a list or as a number.
  void constant(const std::string& path, double value, std::int64_t count, double unit, bool list = true) {
    file_.write<double>(path + "/none", std::vector<double>{}, {0});  // makes the group
    file_.set_attribute(path, "value", value);
    if (list) file_.set_attribute(path, "shape", std::vector<double>{static_cast<double>(count)});
    else file_.set_attribute(path, "shape", count);
    file_.set_attribute(path, "unitSI", unit);
  }
  void time(const std::string& group, double time, double unit) {
    file_.set_attribute(group, "time", time);
    file_.set_attribute(group, "timeUnitSI", unit);
  }
  void close() { file_.close(); }

 private:
  h5::File file_;
};

class ImportOpenpmd : public testing::Test {
 protected:
  data::DatasetReader imported(const std::vector<std::string>& files, const ImportOptions& options = with_mu()) {
    result_ = data::import_files(files, options, {}, folder_.path("data.h5"));
    return data::DatasetReader(folder_.path("data.h5"), data::Layouts::any);
  }
  static ImportOptions with_mu() {
    ImportOptions options;
    options.mu_values = {1};
    return options;
  }
  static void set(ImportOptions& options, const std::string& key, const std::string& value) {
    OptionSet keys;
    bind(keys, options);
    keys.set(key, value);
  }
  /// Sorted rows.
  static std::vector<std::vector<float>> rows(const data::DatasetReader& reader, std::int64_t k, bool rates = false) {
    std::vector<float> values(
        static_cast<std::size_t>(reader.header().particles_at(0, k) * reader.header().dimension()));
    rates ? reader.read_velocities(0, k, values) : reader.read_samples(0, k, values);
    const auto d = static_cast<std::ptrdiff_t>(reader.header().dimension());
    std::vector<std::vector<float>> result;
    for (auto row = values.begin(); row != values.end(); row += d) result.emplace_back(row, row + d);
    std::sort(result.begin(), result.end());
    return result;
  }
  /// Two electrons that move by `shift` in units of a micrometre; weights 2 and 4 where `weighted`.
  static void add_electrons(PmdFile& file, const std::string& group, double shift, bool weighted) {
    const std::string species = group + "/particles/electrons";
    file.array(species + "/position/x", {1 + shift, 2 + shift}, 1e-6);
    file.constant(species + "/positionOffset/x", 10, 2, 1e-6);
    // Of macro-particles: twice and four times one particle's.
    file.array(species + "/momentum/x", weighted ? std::vector{2.0, 8.0} : std::vector{1.0, 2.0},
               kElectronMass * kLightSpeed);
    file.constant(species + "/mass", kElectronMass, 2, 1);
    if (!weighted) return;
    file.array(species + "/weighting", {2, 4}, 1);
    file.file().set_attribute(species + "/momentum", "macroWeighted", std::int64_t{1});
    file.file().set_attribute(species + "/momentum", "weightingPower", 1.0);
  }

  data::ImportResult result_;
  TemporaryFolder folder_;
};

TEST_F(ImportOpenpmd, GroupBasedInSiUnits) {
  const auto path = folder_.path("gb.h5");
  PmdFile file(path, "groupBased");
  for (const int k : {100, 20}) {
    add_electrons(file, "/data/" + std::to_string(k), k, false);
    file.time("/data/" + std::to_string(k), k, 1e-15);
  }
  file.close();
  const auto reader = imported({path});
  EXPECT_EQ(reader.header().coordinates, (std::vector<std::string>{"x", "ux"}));
  EXPECT_EQ(reader.header().units, (std::vector<std::string>{"m", "1"}));
  EXPECT_EQ(reader.header().time_units, "s");
  ASSERT_EQ(reader.header().frames(), 2);
  EXPECT_DOUBLE_EQ(reader.header().time[0], 20e-15);
  const auto first = rows(reader, 0);
  EXPECT_FLOAT_EQ(first[0][0], 31e-6f) << "position + offset";
  EXPECT_FLOAT_EQ(first[0][1], 1);
  EXPECT_FLOAT_EQ(first[1][1], 2);
}

TEST_F(ImportOpenpmd, RefusesNamesThatSomeTimesLackAndIndicesThatAreNone) {
  const auto written = [&](const std::string& name, bool all_named, const std::string& index) {
    const auto path = folder_.path(name);
    PmdFile file(path, "groupBased");
    for (const int k : {0, 1}) {
      const std::string group = "/data/" + std::to_string(k), species = group + "/particles/electrons";
      add_electrons(file, group, k, false);
      file.time(group, k, 1);
      if (k == 0 || all_named) file.file().write<std::int64_t>(species + "/id", std::vector<std::int64_t>{7, 9}, {2});
      if (!index.empty()) file.file().set_attribute(species + "/position/x", "coordinateIndex", index);
    }
    file.close();
    return path;
  };
  EXPECT_EQ(imported({written("named.h5", true, "0")}).header().frames(), 2);
  expect_error<FileError>([&] { (void)imported({written("half.h5", false, "")}); }, {"names 0 of 2 particles"});
  expect_error<FileError>([&] { (void)imported({written("index.h5", true, "x")}); }, {"'x'", "a whole number"});
}

TEST_F(ImportOpenpmd, FileBasedOneByOneOrByPattern) {
  std::vector<std::string> paths;
  for (const int k : {100, 20, 3}) {
    paths.push_back(folder_.path("diag_" + std::to_string(k) + ".h5"));
    PmdFile file(paths.back(), "fileBased");
    add_electrons(file, "/data/" + std::to_string(k), k, false);
    file.time("/data/" + std::to_string(k), 0.5 * k, 1);
    file.close();
  }
  for (const auto& arguments : {paths, std::vector{folder_.path("diag_%T.h5")}}) {
    const auto reader = imported(arguments);
    EXPECT_EQ(reader.header().mu_count(), 1);
    EXPECT_EQ(reader.header().time, (std::vector{1.5, 10.0, 50.0}));
    EXPECT_FLOAT_EQ(rows(reader, 2)[0][0], 111e-6f);
  }
}

TEST_F(ImportOpenpmd, VariableBasedHoldsOneIteration) {
  const auto path = folder_.path("vb_7.h5");
  PmdFile file(path, "variableBased");
  add_electrons(file, "/data", 0, false);
  file.time("/data", 3, 1);
  file.close();
  EXPECT_EQ(imported({path}).header().time, (std::vector{3.0}));
}

TEST_F(ImportOpenpmd, MacroParticles) {
  const auto path = folder_.path("macro.h5");
  PmdFile file(path, "groupBased");
  add_electrons(file, "/data/0", 0, true);
  file.close();
  const auto values = rows(imported({path}), 0);
  for (const auto& row : values) EXPECT_FLOAT_EQ(row[1], row[0] < 11.5e-6f ? 1 : 2) << "of one particle";
}

TEST_F(ImportOpenpmd, ChargeAndBoxMakeAField) {
  const auto path = folder_.path("plasma.h5");
  PmdFile file(path, "groupBased");
  add_electrons(file, "/data/0", 0, true);  // weights 2 and 4
  file.constant("/data/0/particles/electrons/charge", -1.6e-19, 2, 1);
  file.constant("/data/0/meshes/E/x", 0, 50, 1);  // a constant component has its extent in an attribute
  auto& h5 = file.file();
  h5.set_attribute("/", "meshesPath", std::string("meshes/"));
  h5.set_attribute("/data/0/meshes", "fieldBoundary", std::vector<std::string>{"periodic", "periodic"});
  h5.set_attribute("/data/0/meshes/E", "axisLabels", std::vector<std::string>{"x"});
  h5.set_attribute("/data/0/meshes/E", "gridSpacing", std::vector<double>{0.5});
  h5.set_attribute("/data/0/meshes/E", "gridUnitSI", 1e-6);
  file.close();
  const auto field = imported({path}).header().field;
  ASSERT_TRUE(field.has_value());
  EXPECT_EQ(field->coordinates, std::vector<std::string>{"x"});
  EXPECT_NEAR(field->lengths[0][0], 25e-6, 1e-12);
  EXPECT_NEAR(field->charge_density[0] / (-6 * 1.6e-19 / 25e-6), 1, 1e-9);
  EXPECT_NEAR(field->permittivity, 8.854e-12, 1e-15);
  auto options = with_mu();
  set(options, "import.charge", "-3.2e-19");
  EXPECT_NEAR(imported({path}, options).header().field->charge_density[0] / field->charge_density[0], 2, 1e-9);
}

TEST_F(ImportOpenpmd, RecordsByKey) {
  const auto path = folder_.path("records.h5");
  PmdFile file(path, "groupBased");
  add_electrons(file, "/data/0", 0, false);
  file.close();
  auto options = with_mu();
  set(options, "import.records", "momentum, velocity/x");
  const auto both = rows(imported({path}, options), 0);
  EXPECT_FLOAT_EQ(both[0][0], static_cast<float>(kElectronMass * kLightSpeed));
  EXPECT_FLOAT_EQ(both[0][1], static_cast<float>(kLightSpeed / std::sqrt(2))) << "p / (m gamma)";
  set(options, "import.records", "position");
  const auto reader = imported({path}, options);
  ASSERT_TRUE(reader.header().has_velocities) << "positions move with the particles";
  EXPECT_FLOAT_EQ(rows(reader, 0, true)[0][0], static_cast<float>(kLightSpeed / std::sqrt(2)));
  set(options, "import.records", "spin");
  expect_error<FileError>([&] { (void)imported({path}, options); }, {"records.h5", "'spin'", "import.records"});
}

TEST_F(ImportOpenpmd, SpeciesByKindAndKey) {
  const auto path = folder_.path("species.h5");
  PmdFile file(path, "groupBased");
  const auto add = [&](const std::string& name, double x, double mass) {
    const std::string species = "/data/0/particles/" + name;
    file.array(species + "/position/x", {x}, 1);
    file.array(species + "/momentum/x", {0}, 1);
    file.constant(species + "/mass", mass, 1, 1);
  };
  add("beam1", 1, kElectronMass);
  add("beam2", 2, kElectronMass);
  add("ions", 3, 1836 * kElectronMass);
  file.close();
  const auto light = rows(imported({path}), 0);
  ASSERT_EQ(light.size(), 2u) << "electrons of both beams";
  EXPECT_EQ(light[1][0], 2);
  ASSERT_EQ(result_.notes.size(), 1u);
  EXPECT_NE(result_.notes[0].find("ions left out"), std::string::npos);
  auto options = with_mu();
  set(options, "import.species", "ions");
  EXPECT_EQ(rows(imported({path}, options), 0)[0][0], 3);
  set(options, "import.species", "photons");
  expect_error<FileError>([&] { (void)imported({path}, options); }, {"'photons'", "beam1, beam2, ions"});
}

/// As beam codes write: the particles' group is the species; status, weights, offsets, a time for each particle.
TEST_F(ImportOpenpmd, BeamPhysics) {
  const auto path = folder_.path("beam.h5");
  PmdFile file(path, "groupBased", "/screen/%T/", "./");
  const double ev = 5.344285992678308e-28;  // eV/c
  file.array("/screen/3/position/x", {1, 2, 3}, 1);
  file.constant("/screen/3/position/z", 0, 3, 1, false);
  file.array("/screen/3/momentum/x", {1, 2, 3}, ev);
  file.array("/screen/3/momentum/z", {0, 1, 2}, ev);
  file.constant("/screen/3/momentumOffset/z", 5, 3, ev, false);
  file.array("/screen/3/time", {0.5, 1.5, 2.5}, 1);
  file.constant("/screen/3/timeOffset", 7, 3, 1, false);
  file.array("/screen/3/particleStatus", {1, 1, 0}, 1);
  file.constant("/screen/3/weight", 1e-15, 3, 1, false);
  file.file().set_attribute("/screen/3", "speciesType", std::string("electron"));
  file.close();
  const auto reader = imported({path});
  EXPECT_EQ(reader.header().coordinates, (std::vector<std::string>{"x", "ux", "uz"})) << "z is 0 for all";
  EXPECT_EQ(reader.header().time, std::vector{8.5});
  const auto values = rows(reader, 0);
  ASSERT_EQ(values.size(), 2u) << "the third is lost";
  EXPECT_FLOAT_EQ(values[1][2], static_cast<float>(6 * ev / (kElectronMass * kLightSpeed)));
}

TEST_F(ImportOpenpmd, SpeciesAtTheRoot) {
  const auto path = folder_.path("root.h5");
  PmdFile file(path, "groupBased", "/", "/");
  file.array("/position/x", {1, 2}, 1);
  file.array("/momentum/x", {1, 2}, 1);
  file.close();
  const auto reader = imported({path});
  EXPECT_EQ(reader.header().coordinates, (std::vector<std::string>{"x", "px"})) << "no mass: the momentum as it is";
  EXPECT_EQ(reader.header().units[1], "kg m/s");
}

TEST_F(ImportOpenpmd, IdsFollowParticles) {
  const auto path = folder_.path("ids.h5");
  PmdFile file(path, "groupBased");
  for (const int k : {0, 1}) {
    const std::string species = "/data/" + std::to_string(k) + "/particles/e";
    file.array(species + "/position/x", k ? std::vector{20.5, 10.5} : std::vector{10.0, 20.0}, 1);
    file.file().write<std::uint64_t>(species + "/id", std::vector<std::uint64_t>{k ? 2u : 1u, k ? 1u : 2u}, {2});
    file.time("/data/" + std::to_string(k), k, 1);
  }
  file.close();
  const auto reader = imported({path});
  EXPECT_EQ(reader.header().identity, data::Identity::trajectories);
  std::vector<float> before(2), after(2);
  reader.read_samples(0, 0, before);
  reader.read_samples(0, 1, after);
  EXPECT_EQ(after[0], before[0] + 0.5f);
  EXPECT_EQ(after[1], before[1] + 0.5f);
}

TEST_F(ImportOpenpmd, SaysWhatDoesNotFit) {
  const auto path = folder_.path("bad.h5");
  {
    PmdFile file(path, "groupBased");
    file.array("/data/0/particles/e/position/x", {1, 2}, 1);
    file.array("/data/0/particles/e/momentum/x", {1, 2, 3}, 1);
    file.close();
  }
  expect_error<FileError>([&] { (void)imported({path}); }, {"bad.h5", "momentum/x", "3 values", "2"});
  {
    PmdFile file(path, "groupBased", "/data/%T/");
    file.close();
  }
  expect_error<FileError>([&] { (void)imported({path}); }, {"bad.h5", "no iterations", "/data/%T/"});
}

}  // namespace
}  // namespace scorefield::test
