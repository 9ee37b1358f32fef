#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace scorefield::training {

/// Highest degrees of a library in the state and in mu (total degrees) and in time.
struct LibraryDegrees {
  std::int64_t state = 1, mu = 1, time = 1;
};

/// Functions that a drift is a combination of: products of a monomial of the state, one of mu and a Chebyshev
/// polynomial of 2 t - 1. The first one is 1.
class DriftLibrary {
 public:
  /// `columns`: of the state. `parameters`: of mu.
  DriftLibrary(std::int64_t columns, std::int64_t parameters, const LibraryDegrees& degrees);

  /// Functions of a library that is not built.
  [[nodiscard]] static double size_of(std::int64_t columns, std::int64_t parameters, const LibraryDegrees& degrees);

  [[nodiscard]] std::int64_t size() const { return state_size() * course_size(); }
  [[nodiscard]] std::int64_t state_size() const { return static_cast<std::int64_t>(state_.size()); }
  [[nodiscard]] std::int64_t course_size() const;
  [[nodiscard]] std::int64_t parameters() const { return parameters_; }
  [[nodiscard]] const LibraryDegrees& degrees() const { return degrees_; }

  /// All functions, those of the state slowest: [R, columns], [R, p], [R, 1] -> [R, size()]. No graph is recorded.
  [[nodiscard]] torch::Tensor operator()(const torch::Tensor& state, const torch::Tensor& mu,
                                         const torch::Tensor& t) const;
  /// The monomials of the state alone, [R, state_size()].
  [[nodiscard]] torch::Tensor of_state(const torch::Tensor& state) const;
  /// The functions of mu and time alone, [R, course_size()].
  [[nodiscard]] torch::Tensor of_course(const torch::Tensor& mu, const torch::Tensor& t) const;

 private:
  /// A monomial: another one times a column. The first is 1.
  struct Product {
    std::size_t factor = 0;
    std::int64_t column = -1;
  };
  [[nodiscard]] static std::vector<Product> monomials(std::int64_t columns, std::int64_t degree);
  [[nodiscard]] static torch::Tensor evaluated(const std::vector<Product>& products, const torch::Tensor& values);

  LibraryDegrees degrees_;
  std::int64_t parameters_;
  std::vector<Product> state_, mu_;
};

}  // namespace scorefield::training
