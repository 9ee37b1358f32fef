#pragma once

#include <cstdint>

#include "training/optim/named_tensors.hpp"
#include "training/optim/options.hpp"

namespace scorefield::optim {

/// A parameter as matrices: leading dimensions are a batch, the last two are rows and columns.
struct MatrixShape {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  bool operator==(const MatrixShape&) const = default;
};

/// The matrices of a tensor of rank 2 or more; vectors and scalars have none (0 x 0).
[[nodiscard]] MatrixShape matrix_shape(const torch::Tensor& parameter);

/// Whether SOAP rotates a side of this length: longer than 1 and no longer than max_precond_dim.
[[nodiscard]] bool is_preconditioned(std::int64_t side, const OptimizerOptions& options);

/// SOAP (arXiv 2409.11321, Algorithm 3) for all K matrices of one shape m x n, handled as one batch [K, m, n]:
///
///   G' = Ql^T G Qr,  V = b2 V + (1 - b2) G'^2,  M = b1 M + (1 - b1) G,
///   W -= lr Ql [ (Ql^T M Qr) / c1 / (sqrt(V / c2) + eps) ] Qr^T,          c_i = 1 - b_i^count
///   L = b2 L + (1 - b2) G G^T,  R = b2 R + (1 - b2) G^T G,
///   every `precondition_frequency` updates  Ql = qr(L Ql),  Qr = qr(R Qr).
///
/// M stays in the original coordinates, so a new basis leaves it alone; V keeps its values, its rows and columns
/// permuted with the sorted eigenvectors, as in the authors' code. A step's basis never contains that step's gradient.
class KroneckerGroup {
 public:
  /// `parameters` share one matrix_shape. `phase` shifts the updates at which the first matrix is refreshed.
  KroneckerGroup(NamedTensors parameters, const OptimizerOptions& options, std::int64_t phase);

  /// Factors and eigenbases from the first gradient; the parameters do not move. One host synchronisation.
  /// @throws DivergenceError when a gradient is not finite.
  void initialise();

  /// The scalars of the `count`-th update, count = 1, 2, ...
  void prepare(std::int64_t count, double learning_rate);
  /// The update of the parameters, then of the factors.
  void apply();
  /// The bases whose turn it is after the `count`-th update.
  void refresh_bases(std::int64_t count);

  /// exp_avg, exp_avg_sq, and left/right factor and basis of every parameter, as NAME-suffixed views.
  [[nodiscard]] NamedTensors state() const;

 private:
  /// One side's Gram matrix average and its orthogonal basis, both [K, s, s]; undefined where the side is left alone.
  struct Side {
    torch::Tensor factor;
    torch::Tensor basis;
    [[nodiscard]] bool active() const { return basis.defined(); }
  };

  void gather_gradients();
  void rotate(const torch::Tensor& matrices, torch::Tensor& result);
  void rotate_back(const torch::Tensor& matrices, torch::Tensor& result);
  void update_factors();
  void refresh_side(Side& side, std::int64_t dim, std::int64_t first, std::int64_t matrices);

  OptimizerOptions options_;
  std::int64_t phase_;
  MatrixShape shape_;
  std::vector<std::string> names_;
  std::vector<torch::Tensor> parameters_;  ///< as given, with their gradients
  std::vector<torch::Tensor> values_;      ///< the parameters' storage as [k, m, n], without autograd
  torch::Tensor exp_avg_;                  ///< M [K, m, n]
  torch::Tensor exp_avg_sq_;               ///< V [K, m, n], rotated coordinates
  Side left_;                              ///< L, Ql [K, m, m]
  Side right_;                             ///< R, Qr [K, n, n]

  torch::Tensor rate_;          ///< 0-d: -lr / c1
  torch::Tensor second_scale_;  ///< 0-d: 1 / sqrt(c2)
  torch::Tensor decay_;         ///< 0-d: 1 - lr weight_decay

  // Workspaces [K, m, n], kept because fresh pages cost as much as the products that fill them.
  torch::Tensor gradient_;
  torch::Tensor rotated_;
  torch::Tensor half_;  ///< between the two products of a rotation
  torch::Tensor change_;
  std::vector<torch::Tensor> changes_;  ///< change_, parameter by parameter
};

}  // namespace scorefield::optim
