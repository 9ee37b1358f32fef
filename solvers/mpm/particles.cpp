#include "solvers/mpm/particles.hpp"

#include <string>

namespace scorefield::mpm {

template <class T>
void Particles<T>::exchange(StateArchive& archive) {
  // visit(particle, number) calls number() for each number of one part, in the order of the archive's array.
  const auto part = [&](const std::string& name, const StateArchive::Shape& shape, const auto& visit) {
    std::vector<double> values;
    for (std::int64_t p = 0; p < count_; ++p)
      visit((*this)[p], [&](const T& number) { values.push_back(static_cast<double>(number)); });
    archive.array(name, shape, values);
    if (!archive.restoring()) return;
    auto next = values.begin();
    for (std::int64_t p = 0; p < count_; ++p) visit((*this)[p], [&](T& number) { number = static_cast<T>(*next++); });
  };
  part("position", {count_, d_}, [&](const Particle<T>& one, const auto& number) {
    for (int a = 0; a < d_; ++a) number(one.x(a));
  });
  part("velocity", {count_, d_}, [&](const Particle<T>& one, const auto& number) {
    for (int a = 0; a < d_; ++a) number(one.v(a));
  });
  part("density", {count_}, [&](const Particle<T>& one, const auto& number) { number(one.density()); });
  part("affine", {count_, d_, d_}, [&](const Particle<T>& one, const auto& number) {
    for (int row = 0; row < d_; ++row)
      for (int column = 0; column < d_; ++column) number(one.C(row, column));
  });
}

template class Particles<float>;
template class Particles<double>;

}  // namespace scorefield::mpm
