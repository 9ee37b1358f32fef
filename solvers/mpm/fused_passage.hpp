#pragma once

#include <cstdint>
#include <vector>

#include "solvers/mpm/passage.hpp"

namespace scorefield::mpm {

/// The passage through the fused transfers. Deterministic for any number of threads: slabs of the grid scatter in two
/// colours, each in a fixed order of particles.
template <class T>
class FusedPassage final : public GridPassage<T> {
 public:
  explicit FusedPassage(int d) : transfers_(transfers<T>(d)) {}
  void pass(const Passage<T>& passage, Whereabouts<T>& where) override;

 private:
  void clear_nodes(std::int64_t node_count);
  void order_by_slab(const Passage<T>& passage, const Whereabouts<T>& where);
  void scatter_all(const Passage<T>& passage);
  void gather_all(const Passage<T>& passage, Whereabouts<T>& where);

  const Transfers<T>& transfers_;
  GridView<T> grid_;  ///< the passage's, with our nodes
  std::vector<T> nodes_;
  std::vector<std::int32_t> order_, slab_of_;
  std::vector<std::int64_t> slab_start_;
  std::vector<T> boxes_;  ///< of each block of particles
};

extern template class FusedPassage<float>;
extern template class FusedPassage<double>;

}  // namespace scorefield::mpm
