#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "solvers/sph/smoothing.hpp"

namespace scorefield::sph {

using FloatRows = std::vector<std::vector<float>>;

/// Arranged particles as their sums see them: coordinates x [d][n] in units of h, in the arrangement's order, and the
/// candidates of every particle, which are those at first[r][i] to last[r][i] for all r. Whatever lies outside the
/// support adds nothing.
struct Arrangement {
  Shape shape;
  const FloatRows& x;
  std::vector<std::vector<std::int64_t>> first, last;  ///< [ranges][n]
};

/// The sums over candidates, where they do not happen in the fused loops: as SumTask (sums_table.hpp) says, in float32.
struct NeighbourSums {
  std::function<std::vector<float>(const Arrangement&)> density;  ///< [n]
  /// pressure, density: [n]; v: [d][n], empty without viscosity. Returns [d][n].
  std::function<FloatRows(const Arrangement&, std::span<const float> pressure, std::span<const float> density,
                          std::span<const std::vector<float>> v, float viscosity)>
      force;
};

/// Particles arranged for sums over neighbours: sorted into cells of the kernel's support in d <= 3, all against all in
/// tiles above. Each particle's sums run over its candidates in a fixed order, on up to thread_count() threads: the
/// same bits for any number. Sums are float32 in units of h.
class Neighbours {
 public:
  /// elsewhere: null for the fused loops.
  explicit Neighbours(Shape shape, NeighbourSums elsewhere = {}) : shape_(shape), elsewhere_(std::move(elsewhere)) {}

  /// x: [n, d], d <= 128.
  void arrange(const std::vector<double>& x, std::int64_t d, double h);

  /// rho_i = sum_j m W(|x_i - x_j|, h), m = 1/n, the particle itself included.
  void density(std::vector<double>& rho) const;

  /// a_i = -sum_j m (A_i + A_j) grad W_ij + nu lap v + nu/3 grad div v, A = P/rho^2; the viscous part with the
  /// symmetric volumes 2 m/(rho_i + rho_j) (Espanol and Revenga, Phys. Rev. E 67, 026705), so that sum m a = 0. v: [n,
  /// d].
  void acceleration(const std::vector<double>& A, const std::vector<double>& rho, const std::vector<double>& v,
                    double nu, std::vector<double>& a) const;

  /// body(j) for every j != i within the support, in a fixed order.
  template <class Body>
  void for_neighbours(std::int64_t i, Body&& body) const;

  /// Ordered pairs within the support, i = j excluded.
  [[nodiscard]] std::int64_t pair_count() const;

 private:
  struct Cell {
    std::int64_t first, last;                                     // its particles
    std::array<std::pair<std::int64_t, std::int64_t>, 9> ranges;  // candidates
    std::int64_t range_count;
  };
  void sort_into_cells(const std::vector<double>& x);
  [[nodiscard]] Cell cell(std::int64_t index) const;
  [[nodiscard]] bool near(std::int64_t a, std::int64_t b) const;
  template <class Fields, class Body>
  void sweep(const Fields& fields, Body&& body) const;
  [[nodiscard]] Arrangement arrangement() const;

  Shape shape_;
  NeighbourSums elsewhere_;
  std::int64_t n_ = 0, d_ = 0;
  double h_ = 1;
  std::array<std::int64_t, 3> cells_{1, 1, 1};
  std::vector<std::int64_t> cell_start_, occupied_, order_, place_,
      cell_of_;  // order_: sorted -> original, place_: back
  FloatRows x_;  // [d][n], sorted, in units of h
};

template <class Body>
void Neighbours::for_neighbours(std::int64_t i, Body&& body) const {
  const std::int64_t here = place_[static_cast<std::size_t>(i)];
  const Cell home = cell(cell_of_[static_cast<std::size_t>(here)]);
  for (std::int64_t range = 0; range < home.range_count; ++range)
    for (std::int64_t j = home.ranges[static_cast<std::size_t>(range)].first;
         j < home.ranges[static_cast<std::size_t>(range)].second; ++j)
      if (j != here && near(here, j)) body(order_[static_cast<std::size_t>(j)]);
}

}  // namespace scorefield::sph
