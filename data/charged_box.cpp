#include "data/charged_box.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace scorefield::data {
namespace {

constexpr const char* kGroup = "/field";
constexpr const char* kLength = "/field/length";
constexpr const char* kChargeDensity = "/field/charge_density";

}  // namespace

void write_charged_box(h5::File& file, const ChargedBox& box) {
  const auto m = static_cast<std::int64_t>(box.lengths.size()), s = static_cast<std::int64_t>(box.coordinates.size());
  std::vector<double> lengths;
  for (const auto& row : box.lengths) lengths.insert(lengths.end(), row.begin(), row.end());
  file.write<double>(kLength, lengths, {m, s});
  file.write<double>(kChargeDensity, box.charge_density, {m});
  file.set_attribute(kGroup, "coordinates", box.coordinates);
  file.set_attribute(kGroup, "permittivity", box.permittivity);
  file.set_attribute(kGroup, "description",
                     std::string("div E = charge_density/permittivity (n/mean(n) - 1) in the periodic coordinates"));
}

std::optional<ChargedBox> read_charged_box(const h5::File& file, std::size_t mu_count,
                                           const std::vector<std::string>& coordinates) {
  if (!file.is_group(kGroup)) return std::nullopt;
  const auto require = [&](bool holds, const std::string& what) {
    if (!holds) throw FileError(file.path(), "group '/field' " + what + ". Generate or import the file again.");
  };
  ChargedBox box;
  box.coordinates = file.strings_attribute(kGroup, "coordinates");
  box.permittivity = file.number_attribute(kGroup, "permittivity");
  box.charge_density = file.read<double>(kChargeDensity);
  const std::size_t s = box.coordinates.size();
  require(s >= 1 && s <= 3 &&
              file.dims(kLength) == h5::Dims{static_cast<std::int64_t>(mu_count), static_cast<std::int64_t>(s)},
          "needs lengths [M, s] of one to three coordinates");
  require(box.charge_density.size() == mu_count, "needs a charge density per mu");
  require(std::isfinite(box.permittivity) && box.permittivity > 0, "has a bad permittivity");
  for (const auto& name : box.coordinates)
    require(std::find(coordinates.begin(), coordinates.end(), name) != coordinates.end(),
            "names '" + name + "', which is no coordinate");
  const auto lengths = file.read<double>(kLength);
  for (std::size_t m = 0; m < mu_count; ++m) {
    box.lengths.emplace_back(lengths.begin() + static_cast<std::ptrdiff_t>(m * s),
                             lengths.begin() + static_cast<std::ptrdiff_t>((m + 1) * s));
    for (const double length : box.lengths.back()) require(std::isfinite(length) && length > 0, "has a bad length");
    require(std::isfinite(box.charge_density[m]), "has a bad charge density");
  }
  return box;
}

}  // namespace scorefield::data
