#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "solvers/integrators.hpp"
#include "training/fields/field_check.hpp"
#include "training/losses/loss.hpp"

namespace scorefield::training {

/// A population on its way, normalised coordinates and time.
struct Motion {
  std::vector<double> mu;  ///< physical, [p]
  Carried carried = Carried::nothing;
  torch::Tensor state;                        ///< [N, width]: d coordinates, then what is carried
  std::vector<double> times;                  ///< [K]; the state is that at the first one
  integrators::IntegrateOptions integration;  ///< with the periods of the state's columns
};

/// What a trained field does to populations.
class Mover {
 public:
  virtual ~Mover() = default;
  /// Calls on_frame with the state at every time, periodic coordinates wrapped. @throws DivergenceError; what on_frame
  /// throws
  virtual void move(const Motion& motion, const integrators::FrameObserver& on_frame) const = 0;
  /// Whether particles come to weigh more or less on the way: what Carried::log_weight follows.
  [[nodiscard]] virtual bool grows() const { return false; }
  /// Steps that a motion takes over the whole of its times, unless there are more times than that.
  [[nodiscard]] virtual std::int64_t step_count(const Motion& motion) const {
    return integrators::step_count(motion.integration);
  }
  /// What compares the field with the population's own at mu [p]; null: nothing is known of that.
  [[nodiscard]] virtual std::unique_ptr<FieldWatch> watch_at(const std::vector<double>& /*mu*/) const {
    return nullptr;
  }
};

}  // namespace scorefield::training
