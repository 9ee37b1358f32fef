#include "solvers/mcmc/langevin.hpp"

#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "core/error.hpp"
#include "core/random.hpp"
#include "solvers/sampling/rows.hpp"

namespace scorefield::mcmc {
namespace {

using sampling::rows_of;
using sampling::tensor_of;
using Values = std::vector<double>;

class LangevinSampler final : public sampling::Sampler {
 public:
  LangevinSampler(bool metropolis, const sampling::Setup& setup, const LangevinOptions& options)
      : target_(setup.target),
        options_(options),
        metropolis_(metropolis),
        seed_(setup.seed),
        n_(setup.initial.size(0)),
        d_(setup.initial.size(1)),
        steps_(setup.steps),
        x_(rows_of(setup.initial)),
        variance_(static_cast<std::size_t>(d_), 1.0) {
    check_ranges(options);
    if (metropolis && !target_->has_log_density())
      throw UsageError("MALA compares densities, and " + target_->name() +
                       " knows only the gradient of its logarithm. Use --method ula.");
    const double scale = std::pow(static_cast<double>(d_), -1.0 / 3);
    step_ = options.step > 0 ? options.step : (metropolis ? 1.0 : 0.1) * scale;
  }

  void step() override {
    if (log_density_.empty()) begin();
    const bool adapting = static_cast<double>(iteration_) < options_.burn_in * static_cast<double>(steps_);
    if (adapting && iteration_ % 10 == 0) follow_the_cloud();
    const Philox noise(seed_, static_cast<std::uint64_t>(2 * iteration_)),
        coin(seed_, static_cast<std::uint64_t>(2 * iteration_ + 1));
    const auto d = static_cast<std::size_t>(d_), n = static_cast<std::size_t>(n_);
    Values y(x_.size()), log_density, score;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t c = 0; c < d; ++c)
        y[i * d + c] = mean_of(x_, score_, i, c) + std::sqrt(step_ * variance_[c]) * noise.normals(i * d + c)[0];
    look(y, log_density, score);
    double accepted = 0, moved = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double log_ratio = 0;
      if (metropolis_) {
        log_ratio = log_density[i] - log_density_[i];
        for (std::size_t c = 0; c < d; ++c) {
          const double there = y[i * d + c] - mean_of(x_, score_, i, c), back = x_[i * d + c] - mean_of(y, score, i, c);
          log_ratio += (there * there - back * back) / (2 * step_ * variance_[c]);
        }
        accepted += std::isfinite(log_ratio) ? std::min(1.0, std::exp(log_ratio)) : 0;
        if (!(std::log(coin.uniforms(i)[0]) < log_ratio)) continue;
        log_density_[i] = log_density[i];
      }
      for (std::size_t c = 0; c < d; ++c) {
        moved += std::abs(y[i * d + c] - x_[i * d + c]);
        x_[i * d + c] = y[i * d + c];
        score_[i * d + c] = score[i * d + c];
      }
    }
    if (!std::isfinite(moved)) throw DivergenceError(iteration_, "a position", "Lower langevin.step.");
    if (!metropolis_ && !log_density.empty()) log_density_ = log_density;
    acceptance_ = metropolis_ ? accepted / static_cast<double>(n_) : 1;
    jump_ = moved / static_cast<double>(x_.size());
    // All particles share the step: the mean acceptance is precise, and a plain stochastic approximation finds it.
    if (metropolis_ && adapting && options_.step == 0) step_ *= std::exp(0.3 * (acceptance_ - options_.acceptance));
    ++iteration_;
  }
  [[nodiscard]] torch::Tensor particles() const override { return tensor_of(x_, {n_, d_}); }
  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override {
    return {{"acceptance", acceptance_}, {"step", step_}, {"mean_jump", jump_}};
  }
  [[nodiscard]] bool converged() const override { return false; }
  [[nodiscard]] std::vector<std::string> notes() const override {
    if (metropolis_ && moved_ > 0)
      return {std::to_string(moved_) + " of " + std::to_string(n_) +
              " particles started where log p is not finite; they started elsewhere instead"};
    if (metropolis_) return {};
    return {"ULA accepts every move: its samples carry a bias of the order of the step"};
  }
  void exchange(StateArchive& archive) override {
    // A chain that stands where p is zero keeps what the target says there, numbers or not.
    constexpr auto any = StateArchive::Numbers::any;
    archive.array("x", {n_, d_}, x_);
    archive.array("log_density", {n_}, log_density_, any);
    archive.array("score", {n_, d_}, score_, any);
    archive.array("variance", {d_}, variance_);
    archive.count("iteration", iteration_, 0, steps_);
    archive.count("moved", moved_, 0, n_);
    archive.number("step", step_);
    archive.number("acceptance", acceptance_);
    archive.number("mean_jump", jump_);
  }

 private:
  void look(const Values& at, Values& log_density, Values& score) const {
    const auto evaluation = target_->evaluate(tensor_of(at, {n_, d_}));
    log_density =
        evaluation.log_density.defined() ? rows_of(evaluation.log_density) : Values(static_cast<std::size_t>(n_), 0.0);
    score = rows_of(evaluation.score);
  }
  /// A chain that starts outside of the support never moves: it starts at one that does not, in turn.
  void begin() {
    look(x_, log_density_, score_);
    std::vector<std::size_t> inside, outside;
    for (std::size_t i = 0; i < log_density_.size(); ++i)
      (std::isfinite(log_density_[i]) ? inside : outside).push_back(i);
    if (!metropolis_ || inside.empty()) return;
    const auto d = static_cast<std::size_t>(d_);
    for (std::size_t k = 0; k < outside.size(); ++k) {
      const std::size_t to = outside[k], from = inside[k % inside.size()];
      log_density_[to] = log_density_[from];
      std::copy_n(&x_[from * d], d, &x_[to * d]);
      std::copy_n(&score_[from * d], d, &score_[to * d]);
    }
    moved_ = static_cast<std::int64_t>(outside.size());
  }
  [[nodiscard]] double mean_of(const Values& x, const Values& score, std::size_t i, std::size_t c) const {
    const std::size_t at = i * static_cast<std::size_t>(d_) + c;
    const double drift = 0.5 * step_ * variance_[c] * score[at], spread = std::sqrt(variance_[c]);
    // ULA has no test that would stop a steep score far out: nobody drifts farther than the cloud's spread.
    return x[at] + (metropolis_ ? drift : std::clamp(drift, -spread, spread));
  }
  void follow_the_cloud() {
    const auto d = static_cast<std::size_t>(d_);
    for (std::size_t c = 0; c < d; ++c) {
      double mean = 0, square = 0;
      for (std::size_t i = c; i < x_.size(); i += d) mean += x_[i] / static_cast<double>(n_);
      for (std::size_t i = c; i < x_.size(); i += d)
        square += (x_[i] - mean) * (x_[i] - mean) / static_cast<double>(n_);
      variance_[c] = std::max(square, 1e-12);
    }
  }

  std::shared_ptr<const targets::Target> target_;
  LangevinOptions options_;
  bool metropolis_;
  std::uint64_t seed_;
  std::int64_t n_, d_, steps_, iteration_ = 0, moved_ = 0;
  Values x_, variance_, log_density_, score_;
  double step_, acceptance_ = 0, jump_ = 0;
};

}  // namespace

void bind(OptionSet& set, LangevinOptions& options) {
  set.add("langevin.step", options.step, at_least(0), "step e of ula and mala; 0: tuned (mala) or 0.1 d^(-1/3) (ula)");
  set.add("langevin.burn_in", options.burn_in, in(0, 1), "share of the steps in which step and preconditioner adapt");
  set.add("langevin.acceptance", options.acceptance, above(0).below(1), "acceptance that mala tunes its step to");
}

std::vector<sampling::Method> methods() {
  const auto options = std::make_shared<LangevinOptions>();
  const auto method = [&](bool metropolis, std::string name, std::string summary) {
    return sampling::Method{std::move(name), std::move(summary), 1000,
                            [options, metropolis](OptionSet& set) {
                              if (!metropolis) bind(set, *options);
                            },
                            [options, metropolis](const sampling::Setup& setup) -> std::unique_ptr<sampling::Sampler> {
                              return std::make_unique<LangevinSampler>(metropolis, setup, *options);
                            }};
  };
  return {method(false, "ula", "unadjusted Langevin chains (options langevin.*)"),
          method(true, "mala", "Metropolis-adjusted Langevin chains (options langevin.*)")};
}

}  // namespace scorefield::mcmc
