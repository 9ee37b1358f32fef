#include "solvers/mpm/motion.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/dense/dense.hpp"
#include "core/error.hpp"
#include "core/random.hpp"
#include "solvers/mpm/engine.hpp"
#include "solvers/mpm/teleport.hpp"

namespace scorefield::mpm {
namespace {

using dense::Matrix;
using dense::Vector;

constexpr std::int64_t kReframe = 5;    ///< steps between two looks at the cloud's covariance
constexpr std::int64_t kRespace = 10;   ///< steps between two looks at the grid spacing
constexpr std::int64_t kFlatOver = 20;  ///< steps over which the stopping rule compares
constexpr double kFastest = 0.5;        ///< longest move and largest kick of a particle in one step, whitened
constexpr double kMostCells[] = {150, 2500, 30000};
constexpr double kSlow = 0.03;      ///< mean square speed under which a cloud has arrived; births keep it simmering
constexpr double kRestShare = 0.1;  ///< of the steps, at the end, without birth and death

/// Scalars of the state that a resumed run needs.
struct Clock {
  std::int64_t step = 0, rest_start = -1, copies = 0;  ///< rest_start: -1 before the rest
  double energy = 0, speed = 0, temperature = 1, dt = 0;
  bool flat = false;

  [[nodiscard]] double steps_done() const { return static_cast<double>(step); }
  void exchange(StateArchive& archive, std::int64_t steps) {
    archive.count("step", step, 0, steps);
    archive.count("rest_start", rest_start, -1, step);
    archive.count("copies", copies);
    archive.number("free_energy", energy, StateArchive::Numbers::not_nan);
    archive.number("mean_square_speed", speed);
    archive.number("temperature", temperature);
    archive.number("dt", dt);
    archive.flag("flat", flat);
  }
};

template <class T>
class GridMotion final : public Motion {
 public:
  GridMotion(int d, std::span<const double> positions, const MpmOptions& options, std::uint64_t seed,
             std::int64_t steps, std::shared_ptr<GridPassage<T>> passage)
      : d_(d),
        options_(options),
        random_(seed, std::uint64_t{0x6d} << 56),
        steps_(static_cast<double>(steps)),
        engine_(d, positions, options, std::move(passage)),
        positions_(positions.begin(), positions.end()),
        mean_(d),
        factor_(d, d) {
    mean_.setZero();
    factor_.setIdentity();
    reframe(true);
    engine_.fit_spacing(options.per_cell, static_cast<std::int64_t>(kMostCells[d - 1]));
    publish();
  }

  [[nodiscard]] const std::vector<double>& positions() const override { return positions_; }

  void step(std::span<const double> score, std::span<const double> log_p) override {
    const auto n = engine_.count();
    const double cooling = options_.cooling * steps_;
    clock_.temperature =
        clock_.steps_done() < cooling ? std::pow(options_.temperature, 1 - clock_.steps_done() / cooling) : 1;
    const double T_inverse = 1 / clock_.temperature;
    clock_.dt = std::min(options_.dt, options_.courant * engine_.spacing());
    // A solid under compression stiffens: shorter steps than its waves ask for.
    if (options_.body != Body::gas && options_.body != Body::none) clock_.dt /= 4 * engine_.fastest_wave();
    std::vector<double> force(static_cast<std::size_t>(n * d_));
    for (std::int64_t p = 0; p < n; ++p)
      for (int j = 0; j < d_; ++j) {
        double sum = 0;
        for (int i = j; i < d_; ++i) sum += score[static_cast<std::size_t>(p * d_ + i)] * factor_(i, j);
        force[static_cast<std::size_t>(p * d_ + j)] = T_inverse * sum;
      }
    clock_.copies = 0;
    if (!log_p.empty()) balance(log_p, T_inverse, force);
    engine_.advance(clock_.dt, kFastest, options_.damping, force);
    clock_.speed = engine_.mean_square_speed();
    ++clock_.step;
    history_.push_back(clock_.energy);
    judge(cooling);
    adapt();
    publish();
  }

  [[nodiscard]] std::vector<std::pair<std::string, double>> trace() const override {
    return {{"free_energy", clock_.energy},      {"mean_square_speed", clock_.speed},
            {"temperature", clock_.temperature}, {"teleported", static_cast<double>(clock_.copies)},
            {"grid_spacing", engine_.spacing()}, {"dt", clock_.dt}};
  }
  [[nodiscard]] bool converged() const override {
    return resting() && clock_.flat &&
           static_cast<double>(clock_.step - clock_.rest_start) >= std::max(20.0, std::floor(kRestShare * steps_) - 1);
  }
  [[nodiscard]] std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    if (options_.body != Body::gas)
      notes.emplace_back(
          "mpm.body: only the isothermal gas comes to rest at the target; this body's own stress decides where "
          "the particles stand.");
    return notes;
  }

  void exchange(StateArchive& archive) override {
    constexpr auto not_nan = StateArchive::Numbers::not_nan;  // energies are infinite where a particle is and p is zero
    archive.group("clock", [&] { clock_.exchange(archive, static_cast<std::int64_t>(steps_)); });
    archive.array("energies", {clock_.step}, history_, not_nan);
    std::vector<double> mean(mean_.data(), mean_.data() + d_), factor(factor_.data(), factor_.data() + d_ * d_);
    archive.array("mean", {d_}, mean);
    archive.array("factor_columns", {d_, d_}, factor);
    std::copy(mean.begin(), mean.end(), mean_.data());
    std::copy(factor.begin(), factor.end(), factor_.data());
    archive.group("matter", [&] { engine_.exchange(archive); });
    if (archive.restoring()) publish();
  }

 private:
  [[nodiscard]] bool resting() const { return clock_.rest_start >= 0; }

  /// The free energy and, when it is time, birth and death by it: particles stand where log rho - log p exceeds its
  /// mean too often. Both logarithms have seen the same average over the grid, so that its bias cancels.
  void balance(std::span<const double> log_p, double T_inverse, std::vector<double>& force) {
    const auto n = engine_.count();
    const bool teleport = teleport_due(clock_.step) && clock_.step > 0;
    std::vector<double> density(static_cast<std::size_t>(n)), excess(log_p.begin(), log_p.end());
    if (teleport || clock_.step == 0) engine_.smooth(excess);
    engine_.read_density(density);
    double sum = 0, sharp = 0;
    for (std::int64_t p = 0; p < n; ++p) {
      const auto i = static_cast<std::size_t>(p);
      const double log_rho = std::log(std::max(density[i], 1e-300) / static_cast<double>(n));
      excess[i] = log_rho - T_inverse * excess[i];
      sum += excess[i];
      sharp += log_rho - T_inverse * log_p[i];
    }
    const double determinant = std::log(std::abs(factor_.diagonal().prod()));
    clock_.energy = sharp / static_cast<double>(n) - determinant + 0.5 * clock_.speed;
    if (!teleport) return;
    const double mean = sum / static_cast<double>(n);
    const double time = options_.teleport_rate * clock_.dt * static_cast<double>(options_.teleport_every);
    for (double& e : excess) e = std::exp(std::clamp(-time * (e - mean), -2.0, 2.0));
    const auto index = static_cast<std::uint64_t>(clock_.step) << 32;
    const auto source = systematic_copies(excess, random_.uniforms(index)[0]);
    std::vector<double> jitter(static_cast<std::size_t>(n * d_));
    const double width = 0.4 * engine_.spacing() / std::pow(options_.per_cell, 1.0 / d_);
    const std::vector<double> before = force;
    for (std::int64_t p = 0; p < n; ++p) {
      const auto from = source[static_cast<std::size_t>(p)];
      if (from == p) continue;
      ++clock_.copies;
      for (int a = 0; a < d_; ++a) {
        const auto k = static_cast<std::size_t>(p * d_ + a);
        jitter[k] = width * random_.normals(index + 1 + k)[0];
        force[k] = before[static_cast<std::size_t>(from * d_ + a)];
      }
    }
    engine_.copy_particles(source, jitter);
  }

  [[nodiscard]] bool teleport_due(std::int64_t step) const {
    if (options_.teleport_every == 0 || resting()) return false;
    return step % options_.teleport_every == 0;
  }

  /// Rest begins when the free energy is flat, or with the last tenth of the steps.
  void judge(double cooling) {
    const bool slow = clock_.speed < kSlow;
    const auto length = static_cast<std::int64_t>(history_.size());
    bool flat = slow && clock_.steps_done() > cooling + kFlatOver && length > 2 * kFlatOver;
    if (flat) {  // means of two stretches: single values carry the noise of births and deaths
      double late = 0, early = 0;
      for (std::int64_t i = 0; i < kFlatOver; ++i) {
        late += history_[static_cast<std::size_t>(length - 1 - i)];
        early += history_[static_cast<std::size_t>(length - 1 - kFlatOver - i)];
      }
      flat = std::abs(late - early) < options_.tolerance * static_cast<double>(kFlatOver);
    }
    clock_.flat = flat;
    if (!resting() && (flat || clock_.steps_done() >= (1 - kRestShare) * steps_)) clock_.rest_start = clock_.step;
  }

  void adapt() {
    const auto step = clock_.step;
    if (!resting() && step % kReframe == 0) reframe(false);
    // What collapses or keeps a shape of its own stays on its first grid.
    if (options_.body == Body::gas && !resting() && step % kRespace == 0) {
      const double before = engine_.spacing();
      engine_.fit_spacing(options_.per_cell, static_cast<std::int64_t>(kMostCells[d_ - 1]));
      if (std::abs(engine_.spacing() / before - 1) < 0.1) engine_.set_spacing(before);
    }
    if (teleport_due(clock_.step) || step % 8 == 0) engine_.sort();
  }

  /// Takes the cloud's mean and covariance as the new coordinates. A solid keeps its first ones: its strain refers to
  /// them.
  void reframe(bool first) {
    const bool solid = options_.body != Body::gas && options_.body != Body::none;
    if (!options_.whiten || (!first && (solid || options_.body == Body::none))) return;
    const auto n = engine_.count();
    const auto y = engine_.positions();
    Vector mean = Vector::Zero(d_);
    Matrix covariance = Matrix::Zero(d_, d_);
    for (std::int64_t p = 0; p < n; ++p)
      for (int i = 0; i < d_; ++i) mean[i] += y[static_cast<std::size_t>(p * d_ + i)] / static_cast<double>(n);
    for (std::int64_t p = 0; p < n; ++p)
      for (int i = 0; i < d_; ++i)
        for (int j = 0; j < d_; ++j)
          covariance(i, j) += (y[static_cast<std::size_t>(p * d_ + i)] - mean[i]) *
                              (y[static_cast<std::size_t>(p * d_ + j)] - mean[j]) / static_cast<double>(n);
    covariance.diagonal().array() += 1e-12;
    if (!first && (covariance - Matrix::Identity(d_, d_)).norm() < 0.02 && mean.norm() < 0.02) return;
    const Matrix change =
        dense::cholesky(covariance, "the cloud's covariance");  // old coordinates = change * new + mean
    const Matrix inverse = dense::solve_lower(change, Matrix::Identity(d_, d_));
    const Vector shift = -inverse * mean;
    const Matrix forward_rows = inverse.transpose(), back_rows = change.transpose();  // row-major copies
    engine_.transform({forward_rows.data(), static_cast<std::size_t>(d_ * d_)},
                      {back_rows.data(), static_cast<std::size_t>(d_ * d_)},
                      {shift.data(), static_cast<std::size_t>(d_)});
    mean_ += factor_ * mean;
    factor_ = dense::product(factor_, change);
    if (!first) engine_.set_spacing(engine_.spacing() / std::pow(change.diagonal().prod(), 1.0 / d_));
  }

  void publish() {
    const auto y = engine_.positions();
    positions_.assign(y.begin(), y.end());
    for (std::int64_t p = 0; p < engine_.count(); ++p) {
      double* const x = positions_.data() + p * d_;
      for (int i = d_ - 1; i >= 0; --i) {  // the factor is lower triangular
        double sum = mean_[i];
        for (int j = 0; j <= i; ++j) sum += factor_(i, j) * x[j];
        x[i] = sum;
      }
    }
  }

  int d_;
  MpmOptions options_;
  Philox random_;
  double steps_;
  Engine<T> engine_;
  std::vector<double> positions_;
  Vector mean_;
  Matrix factor_;  ///< L
  Clock clock_;
  std::vector<double> history_;
};

}  // namespace

std::unique_ptr<Motion> make_motion(int d, std::span<const double> positions, const MpmOptions& options,
                                    std::uint64_t seed, std::int64_t steps, const Passages& passages) {
  check_ranges(options);
  if (options.precision == Precision::single_)
    return std::make_unique<GridMotion<float>>(d, positions, options, seed, steps, passages.single);
  return std::make_unique<GridMotion<double>>(d, positions, options, seed, steps, passages.wide);
}

}  // namespace scorefield::mpm
