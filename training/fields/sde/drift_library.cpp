#include "training/fields/sde/drift_library.hpp"

#include <torch/types.h>

#include <algorithm>

namespace scorefield::training {
namespace {

using torch::Tensor;

/// Monomials of n variables up to a total degree.
double monomial_count(std::int64_t n, std::int64_t degree) {
  double count = 1;
  for (std::int64_t k = 1; k <= degree; ++k) count *= static_cast<double>(n + k) / static_cast<double>(k);
  return count;
}

}  // namespace

DriftLibrary::DriftLibrary(std::int64_t columns, std::int64_t parameters, const LibraryDegrees& degrees)
    : degrees_(degrees),
      parameters_(parameters),
      state_(monomials(columns, degrees.state)),
      mu_(monomials(parameters, degrees.mu)) {}

double DriftLibrary::size_of(std::int64_t columns, std::int64_t parameters, const LibraryDegrees& degrees) {
  return monomial_count(columns, degrees.state) * monomial_count(parameters, degrees.mu) *
         static_cast<double>(degrees.time + 1);
}

std::int64_t DriftLibrary::course_size() const { return static_cast<std::int64_t>(mu_.size()) * (degrees_.time + 1); }

std::vector<DriftLibrary::Product> DriftLibrary::monomials(std::int64_t columns, std::int64_t degree) {
  std::vector<Product> all{Product{}};
  std::size_t first = 0;
  for (std::int64_t q = 0; q < degree; ++q) {
    const std::size_t last = all.size();
    for (std::size_t factor = first; factor < last; ++factor)
      for (std::int64_t c = std::max<std::int64_t>(0, all[factor].column); c < columns; ++c)
        all.push_back({.factor = factor, .column = c});
    first = last;
  }
  return all;
}

Tensor DriftLibrary::evaluated(const std::vector<Product>& products, const Tensor& values) {
  const Tensor by_column = values.t().contiguous();
  Tensor all = torch::empty({static_cast<std::int64_t>(products.size()), values.size(0)}, values.options());
  all[0].fill_(1);
  for (std::size_t i = 1; i < products.size(); ++i) {
    Tensor row = all[static_cast<std::int64_t>(i)];
    torch::mul_out(row, all[static_cast<std::int64_t>(products[i].factor)], by_column[products[i].column]);
  }
  return all;
}

Tensor DriftLibrary::of_state(const Tensor& state) const {
  const torch::NoGradGuard no_grad;
  return evaluated(state_, state).t();
}

Tensor DriftLibrary::of_course(const Tensor& mu, const Tensor& t) const {
  const torch::NoGradGuard no_grad;
  const Tensor of_mu = evaluated(mu_, mu), u = (2 * t - 1).view({-1});
  std::vector<Tensor> chebyshev{torch::ones_like(u), u};
  while (std::ssize(chebyshev) <= degrees_.time)
    chebyshev.push_back(2 * u * chebyshev.back() - chebyshev[chebyshev.size() - 2]);
  chebyshev.resize(static_cast<std::size_t>(degrees_.time) + 1);
  return (of_mu.unsqueeze(1) * torch::stack(chebyshev).unsqueeze(0)).view({course_size(), -1}).t();
}

Tensor DriftLibrary::operator()(const Tensor& state, const Tensor& mu, const Tensor& t) const {
  const torch::NoGradGuard no_grad;
  return (evaluated(state_, state).unsqueeze(1) * of_course(mu, t).t().unsqueeze(0)).view({size(), -1}).t();
}

}  // namespace scorefield::training
