#include "training/metrics/run.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/text.hpp"
#include "training/metrics/history_error.hpp"
#include "training/metrics/kept_run.hpp"

namespace scorefield::metrics {
namespace {

constexpr const char* kEnergyName = "electric_energy";

/// The generator's electric energy, [M, D], if the file has it in the expected shape.
const data::Diagnostics::Series* energy_series(const std::optional<data::Diagnostics>& diagnostics, const Run& run) {
  if (!diagnostics) return nullptr;
  const auto found = diagnostics->series.find(kEnergyName);
  if (found == diagnostics->series.end()) return nullptr;
  const h5::Dims expected{run.header().mu_count(), static_cast<std::int64_t>(diagnostics->time.size())};
  if (found->second.shape != expected)
    throw FileError(run.path(), "dataset '/diagnostics/electric_energy' has shape [" +
                                    comma_joined(found->second.shape) + "], expected [M, D] = [" +
                                    comma_joined(expected) + "]");
  return &found->second;
}

}  // namespace

Run::Run(const std::string& path)
    : path_(path), reader_(std::in_place, path, data::Layouts::any), diagnostics_(reader_->read_diagnostics()) {
  (void)energy_series(diagnostics_, *this);
}

Run::Run(std::shared_ptr<const KeptRun> kept, std::string origin) : path_(std::move(origin)), kept_(std::move(kept)) {}

std::vector<std::vector<double>> Run::leave_out(const std::vector<std::vector<double>>& mu) {
  std::vector<std::vector<double>> found;
  for (const auto& values : mu)
    if (find_mu(values)) found.push_back(values);
  if (!reader_ || found.empty() || std::ssize(found) >= header().mu_count()) return {};
  reader_->leave_out(found);
  diagnostics_ = reader_->read_diagnostics();
  return found;
}

const data::DatasetHeader& Run::header() const { return reader_ ? reader_->header() : kept_->header(); }

void Run::require_same_state(const Run& other) const {
  if (header().coordinates != other.header().coordinates)
    throw FileError(path(), "holds coordinates " + comma_joined(header().coordinates) + ", but " + other.path() +
                                " holds " + comma_joined(other.header().coordinates) +
                                ". Only runs of one problem can be compared.");
  if (header().periods != other.header().periods)
    throw FileError(path(), "has periods " + comma_joined(header().periods) + ", but " + other.path() + " has " +
                                comma_joined(other.header().periods) +
                                ". Generate both with the same domain to compare them.");
  const std::size_t p = header().mu_names.size();
  if (p != other.header().mu_names.size())
    throw FileError(path(), "has " + std::to_string(p) + " physics parameters, but " + other.path() + " has " +
                                std::to_string(other.header().mu_names.size()));
  if (p > 1 && header().mu_names != other.header().mu_names &&
      std::is_permutation(header().mu_names.begin(), header().mu_names.end(), other.header().mu_names.begin()))
    throw FileError(path(), "has the parameters " + comma_joined(header().mu_names) + ", but " + other.path() +
                                " has them in another order: " + comma_joined(other.header().mu_names) +
                                ". Generate or import one of them again in the order of the other.");
}

void Run::require_times(const std::vector<double>& own, std::span<const double> times) const {
  const std::size_t last = own.size() - 1;
  const double before = own.size() > 1 ? 0.5 * (own[1] - own[0]) : 0;
  const double after = own.size() > 1 ? 0.5 * (own[last] - own[last - 1]) : 0;
  const double rounding = 1e-9 * std::max(1.0, std::abs(own[last]));
  for (const double t : times) {
    if (t < own.front() - before - rounding || t > own.back() + after + rounding)
      throw FileError(path(), "covers times " + comma_joined<double>({own.front()}) + " to " +
                                  comma_joined<double>({own.back()}) + ", but the rollout needs " +
                                  comma_joined<double>({t}) +
                                  ". Roll out over the times of the data, or generate data over those of the rollout.");
  }
}

std::optional<std::int64_t> Run::find_mu(const std::vector<double>& mu) const { return data::find_mu(header(), mu); }

std::int64_t Run::nearest_mu(const std::vector<double>& mu) const { return data::nearest_mu(header(), mu); }

std::int64_t Run::require_mu(const std::vector<double>& mu) const {
  const auto found = find_mu(mu);
  if (found) return *found;
  throw FileError(path(), "has no run at mu = " + mu_text(mu) + ", which the rollout predicts; it has mu = " +
                              tuples_text(header().mu) + ". Generate it with: scorefield generate --mu " +
                              (mu.size() == 1 ? mu_text(mu) : '"' + mu_text(mu) + '"'));
}

bool Run::has_energy_diagnostic() const { return energy_series(diagnostics_, *this) != nullptr; }

std::vector<double> Run::diagnosed_energy(std::int64_t mu_index, std::span<const double> times) const {
  const auto* series = energy_series(diagnostics_, *this);
  if (series == nullptr) throw FileError(path(), "has no dataset '/diagnostics/electric_energy'");
  const std::size_t steps = diagnostics_->time.size();
  const auto values = std::span(series->values).subspan(static_cast<std::size_t>(mu_index) * steps, steps);
  return interpolate_linear(diagnostics_->time, values, times);
}

std::vector<double> Run::sampled_energy(const problems::FieldEnergy& field, std::int64_t mu_index,
                                        std::span<const double> times) const {
  if (kept_) return interpolate_linear(this->times(mu_index), kept_->energies(mu_index), times);
  std::vector<double> energies;
  const auto frames = static_cast<std::int64_t>(this->times(mu_index).size());
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    if (interrupt_requested()) throw Interrupted("evaluate was interrupted; nothing was written");
    energies.push_back(field.of(samples(mu_index, frame), weights(mu_index, frame), header().mu[mu_index]));
  }
  return interpolate_linear(this->times(mu_index), energies, times);
}

std::vector<double> Run::best_energy(const problems::FieldEnergy& field, std::int64_t mu_index,
                                     std::span<const double> times) const {
  return has_energy_diagnostic() ? diagnosed_energy(mu_index, times) : sampled_energy(field, mu_index, times);
}

std::int64_t Run::nearest_frame(std::int64_t mu_index, double time) const {
  return nearest_time(times(mu_index), time);
}

std::vector<float> Run::weights(std::int64_t mu_index, std::int64_t frame) const {
  if (kept_ || !header().has_weights) return {};
  std::vector<float> values(static_cast<std::size_t>(header().particles_at(mu_index, frame)));
  reader_->read_weights(mu_index, frame, values);
  return values;
}

std::vector<float> Run::density(std::int64_t mu_index, std::int64_t frame) const {
  std::vector<float> values(static_cast<std::size_t>(header().density.value().size()));
  reader_.value().read_density(mu_index, frame, values);
  return values;
}

std::vector<float> Run::samples(std::int64_t mu_index, std::int64_t frame) const {
  if (kept_) return kept_->samples(mu_index, frame);
  std::vector<float> values(static_cast<std::size_t>(header().particles_at(mu_index, frame) * header().dimension()));
  reader_->read_samples(mu_index, frame, values);
  return values;
}

}  // namespace scorefield::metrics
