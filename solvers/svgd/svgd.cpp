#include "solvers/svgd/svgd.hpp"

#include <torch/types.h>

#include <cmath>
#include <memory>
#include <string>

#include "core/error.hpp"
#include "solvers/pairs/device_pair_sums.hpp"
#include "solvers/sampling/rows.hpp"

namespace scorefield::svgd {
namespace {

using sampling::rows_of;
using sampling::tensor_of;

class SvgdSampler final : public sampling::Sampler {
 public:
  SvgdSampler(const sampling::Setup& setup, const SvgdOptions& options)
      : target_(setup.target),
        options_(options),
        n_(setup.initial.size(0)),
        d_(setup.initial.size(1)),
        steps_(setup.steps),
        pair_sums_(pairs::pair_sums_on(setup.device, options.double_precision)),
        x_(rows_of(setup.initial)),
        squares_(x_.size(), 0.0) {
    check_ranges(options);
  }

  void step() override {
    const auto score = rows_of(target_->score(particles()));
    h_ = options_.bandwidth > 0
             ? options_.bandwidth
             : pairs::median_distance(x_.data(), n_, d_) / std::sqrt(2 * std::log(static_cast<double>(n_) + 1));
    std::vector<double> pull(x_.size()), push(x_.size());
    pair_sums_({pairs::Form::gaussian, {h_}}, {x_.data(), n_, x_.data(), n_, d_, nullptr, score.data()},
               {.gradient = push.data(), .field = pull.data()});
    // AdaGrad with decay; the step itself decays over the second half, so that the cloud comes to rest.
    const double progress = static_cast<double>(iteration_) / static_cast<double>(std::max<std::int64_t>(steps_, 1));
    const double rate = options_.step * std::min(1.0, 2 * (1 - progress) + 0.02);
    double moved = 0, stein = 0;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      const double phi = pull[i] - push[i];  // the gradient in x_j is minus that in x_i
      squares_[i] = iteration_ == 0 ? phi * phi : 0.9 * squares_[i] + 0.1 * phi * phi;
      const double move = rate * phi / (1e-6 + std::sqrt(squares_[i]));
      x_[i] += move;
      moved += move * move;
      stein += phi * phi;
    }
    speed_ = std::sqrt(moved / static_cast<double>(n_));
    direction_ = std::sqrt(stein / static_cast<double>(n_));
    if (!std::isfinite(speed_)) throw DivergenceError(iteration_, "a position", "Lower svgd.step.");
    ++iteration_;
  }
  [[nodiscard]] torch::Tensor particles() const override { return tensor_of(x_, {n_, d_}); }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override {
    return {{"mean_speed", speed_}, {"stein_direction", direction_}, {"bandwidth", h_}};
  }
  [[nodiscard]] bool converged() const override {
    return iteration_ > 10 && direction_ < 1e-3 * std::sqrt(static_cast<double>(d_));
  }
  void exchange(StateArchive& archive) override {
    archive.array("x", {n_, d_}, x_);
    archive.array("squares", {n_, d_}, squares_);
    archive.count("iteration", iteration_, 0, steps_);
    archive.number("mean_speed", speed_);
    archive.number("stein_direction", direction_);
    archive.number("bandwidth", h_);
  }

 private:
  std::shared_ptr<const targets::Target> target_;
  SvgdOptions options_;
  std::int64_t n_, d_, steps_, iteration_ = 0;
  pairs::PairSums pair_sums_;
  std::vector<double> x_, squares_;
  double speed_ = 0, direction_ = 0, h_ = 0;
};

}  // namespace

void bind(OptionSet& set, SvgdOptions& options) {
  set.add("svgd.step", options.step, above(0), "AdaGrad step");
  set.add("svgd.bandwidth", options.bandwidth, at_least(0), "bandwidth h; 0: median distance / sqrt(2 ln(N + 1))");
  set.add("svgd.double_precision", options.double_precision, "pair sums in double instead of float");
}

std::vector<sampling::Method> methods() {
  return {sampling::make_method<SvgdSampler, SvgdOptions>("svgd", "Stein variational gradient descent", 500)};
}

}  // namespace scorefield::svgd
