#include "solvers/pic/diagnostics.hpp"

namespace scorefield::pic {

std::vector<std::complex<double>> History::mode(std::int64_t k) const {
  std::vector<std::complex<double>> amplitude(time.size());
  for (std::size_t i = 0; i < amplitude.size(); ++i)
    amplitude[i] = field_modes[i * static_cast<std::size_t>(mode_count) + static_cast<std::size_t>(k - 1)];
  return amplitude;
}

template <class Real>
History run(Simulation<Real>& simulation, std::int64_t steps,
            const std::function<void(const Simulation<Real>&)>& observe) {
  History history;
  history.mode_count = static_cast<std::int64_t>(simulation.field_modes().size());
  for (std::int64_t step = 0; step <= steps; ++step) {
    if (observe) observe(simulation);
    history.time.push_back(simulation.time());
    history.electric_energy.push_back(simulation.electric_energy());
    const auto modes = simulation.field_modes();
    history.field_modes.insert(history.field_modes.end(), modes.begin(), modes.end());
    const Moments moments = step < steps ? simulation.advance() : simulation.moments();
    history.kinetic_energy.push_back(moments.kinetic_energy);
    history.momentum.push_back(moments.momentum);
  }
  return history;
}

template History run(Simulation<float>&, std::int64_t, const std::function<void(const Simulation<float>&)>&);
template History run(Simulation<double>&, std::int64_t, const std::function<void(const Simulation<double>&)>&);

}  // namespace scorefield::pic
