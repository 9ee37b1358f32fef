#include "data/problems/field_energy.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/rows.hpp"
#include "data/mu_set.hpp"
#include "solvers/fft/fft.hpp"
#include "solvers/pic/poisson.hpp"

namespace scorefield::problems {
namespace {

/// Each particle as often as its weight asks for, to 1/16 of the mean weight and without bias along the list: charge is
/// deposited linearly.
std::vector<float> repeated(std::span<const float> samples, std::span<const float> weights) {
  constexpr std::int64_t kCopies = 16;  // of a particle of mean weight
  const std::size_t d = samples.size() / weights.size();
  if (std::none_of(weights.begin(), weights.end(), [](float weight) { return weight > 0; }))
    throw Error("electric energy: no particle has any weight.");
  std::vector<float> copies;
  for_systematic_rows(weights, kCopies * std::ssize(weights), 0.5, [&](std::size_t i) {
    const auto particle = samples.subspan(i * d, d);
    copies.insert(copies.end(), particle.begin(), particle.end());
  });
  return copies;
}

class ProblemField : public FieldEnergy {
 public:
  explicit ProblemField(const Problem& problem) : problem_(problem) {}
  double of(std::span<const float> samples, std::span<const float> weights,
            const std::vector<double>& mu) const override {
    if (weights.empty()) return problem_.electric_energy(samples, mu);
    return problem_.electric_energy(repeated(samples, weights), mu);
  }

 private:
  const Problem& problem_;
};

/// Periodic coordinates of particles as fractions of the box.
struct Positions {
  std::span<const float> samples;
  std::size_t dimension;             ///< d
  std::vector<std::size_t> columns;  ///< [s] of the periodic coordinates
  std::vector<double> periods;       ///< [s]
};

std::size_t cells_for(std::size_t axes) { return axes == 1 ? 256 : axes == 2 ? 64 : 32; }

/// Adds a particle's weight to the 2^s nodes around it, linearly in each coordinate.
void deposit(const std::vector<double>& cell_coordinates, std::size_t cells, double weight,
             std::vector<double>& density) {
  const std::size_t s = cell_coordinates.size();
  std::array<std::size_t, 3> lower{};
  std::array<double, 3> fraction{};
  for (std::size_t a = 0; a < s; ++a) {
    const double floor = std::floor(cell_coordinates[a]);
    lower[a] = static_cast<std::size_t>(floor) % cells;
    fraction[a] = cell_coordinates[a] - floor;
  }
  for (std::size_t corner = 0; corner < std::size_t{1} << s; ++corner) {
    std::size_t node = 0;
    double share = weight;
    for (std::size_t a = 0; a < s; ++a) {
      const std::size_t upper = (corner >> a) & 1U;
      node = node * cells + (lower[a] + upper) % cells;
      share *= upper == 1 ? fraction[a] : 1 - fraction[a];
    }
    density[node] += share;
  }
}

/// [cells^s] with mean 1. @throws Error naming a particle whose position is not finite
std::vector<double> density_of(const Positions& positions, std::span<const float> weights) {
  const std::size_t s = positions.columns.size(), cells = cells_for(s);
  const std::size_t count = positions.samples.size() / positions.dimension;
  if (count == 0) throw Error("electric energy: there is no particle.");
  std::vector<double> density(s == 1 ? cells : s == 2 ? cells * cells : cells * cells * cells);
  std::vector<double> at(s);
  double total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t a = 0; a < s; ++a) {
      const double x = positions.samples[i * positions.dimension + positions.columns[a]] / positions.periods[a];
      if (!std::isfinite(x))
        throw Error("electric energy: the position of particle " + std::to_string(i) + " is not finite.");
      at[a] = (x - std::floor(x)) * static_cast<double>(cells);
    }
    const double weight = weights.empty() ? 1 : weights[i];
    total += weight;
    deposit(at, cells, weight, density);
  }
  if (!(total > 0)) throw Error("electric energy: no particle has any weight.");
  for (double& value : density) value *= static_cast<double>(density.size()) / total;
  return density;
}

/// In place, along every axis of a cube of `cells` per axis.
void transform(std::vector<fft::Complex>& values, std::size_t cells, std::size_t axes) {
  const fft::Fft line(static_cast<std::int64_t>(cells));
  std::size_t stride = 1;
  for (std::size_t a = 0; a < axes; ++a, stride *= cells)
    for (std::size_t block = 0; block < values.size(); block += stride * cells)
      line.transform(values.data() + block, stride, stride, false);
}

/// 1/2 int E^2 with div E = n - 1: V/2 sum over k of |n_k|^2 / |k|^2.
double spectral_energy(const std::vector<double>& density, const std::vector<double>& lengths) {
  const std::size_t s = lengths.size(), cells = cells_for(s);
  std::vector<fft::Complex> modes(density.begin(), density.end());
  transform(modes, cells, s);
  double volume = 1, sum = 0;
  for (const double length : lengths) volume *= length;
  for (std::size_t i = 1; i < modes.size(); ++i) {
    double squared = 0;
    std::size_t rest = i;
    for (std::size_t a = s; a-- > 0; rest /= cells) {
      const auto m = fft::wave_number(static_cast<std::int64_t>(rest % cells), static_cast<std::int64_t>(cells));
      squared += std::pow(2 * std::numbers::pi * static_cast<double>(m) / lengths[a], 2);
    }
    sum += std::norm(modes[i]) / squared;
  }
  return 0.5 * volume * sum / std::pow(static_cast<double>(density.size()), 2);
}

/// 1/2 int E^2 with div E = n - 1.
double unit_energy(const std::vector<double>& density, const std::vector<double>& lengths) {
  if (lengths.size() > 1) return spectral_energy(density, lengths);
  std::vector<double> field(density.size());
  const pic::PeriodicPoisson poisson(static_cast<std::int64_t>(density.size()), lengths[0], 1);
  poisson.solve(density, field);
  return poisson.energy(field);
}

class ChargedBoxField : public FieldEnergy {
 public:
  explicit ChargedBoxField(const std::vector<const data::DatasetHeader*>& headers) {
    for (const auto* header : headers)
      for (std::size_t m = 0; header->field && m < header->mu.size(); ++m) {
        mu_.push_back(header->mu[m]);
        lengths_.push_back(header->field->lengths[m]);
        scale_.push_back(std::pow(header->field->charge_density[m], 2) / header->field->permittivity);
      }
    const auto& first =
        **std::find_if(headers.begin(), headers.end(), [](const auto* each) { return each->field.has_value(); });
    dimension_ = first.coordinates.size();
    for (const auto& name : first.field->coordinates) {
      const auto at = std::find(first.coordinates.begin(), first.coordinates.end(), name) - first.coordinates.begin();
      columns_.push_back(static_cast<std::size_t>(at));
      periods_.push_back(first.periods[columns_.back()]);
    }
  }

  double of(std::span<const float> samples, std::span<const float> weights,
            const std::vector<double>& mu) const override {
    const auto m = static_cast<std::size_t>(data::MuSet(mu_).nearest(mu));
    return scale_[m] * unit_energy(density_of({samples, dimension_, columns_, periods_}, weights), lengths_[m]);
  }

 private:
  std::vector<std::vector<double>> mu_, lengths_;
  std::vector<double> scale_;
  std::size_t dimension_ = 0;
  std::vector<std::size_t> columns_;
  std::vector<double> periods_;
};

}  // namespace

std::unique_ptr<FieldEnergy> field_energy_of(const Problem* problem) {
  if (problem == nullptr || !problem->has_electric_energy()) return nullptr;
  return std::make_unique<ProblemField>(*problem);
}

std::unique_ptr<FieldEnergy> field_energy_of(const std::vector<const data::DatasetHeader*>& headers) {
  if (std::none_of(headers.begin(), headers.end(), [](const auto* header) { return header->field.has_value(); }))
    return nullptr;
  return std::make_unique<ChargedBoxField>(headers);
}

}  // namespace scorefield::problems
