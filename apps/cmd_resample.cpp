#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/commands.hpp"
#include "apps/progress.hpp"
#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "core/rows.hpp"
#include "data/dataset.hpp"
#include "solvers/reduction/reduction.hpp"

namespace scorefield::apps {
namespace {

/// One frame in double precision.
struct DoubleFrame {
  std::vector<double> samples, velocities, weights;
};

DoubleFrame read_frame(const data::DatasetReader& reader, std::int64_t m, std::int64_t k) {
  const auto& header = reader.header();
  const auto n = static_cast<std::size_t>(header.particles_at(m, k));
  DoubleFrame frame;
  frame.samples.resize(n * static_cast<std::size_t>(header.dimension()));
  reader.read_samples(m, k, std::span(frame.samples));
  if (header.has_velocities) {
    frame.velocities.resize(frame.samples.size());
    reader.read_velocities(m, k, std::span(frame.velocities));
  }
  if (header.has_weights) {
    frame.weights.resize(n);
    reader.read_weights(m, k, std::span(frame.weights));
  }
  return frame;
}

/// gamma = sqrt(1 + |u|^2) where there are coordinates u, ux, uy, uz: the relativistic energy, which no moment is.
void add_lorentz_factor(const data::DatasetHeader& header, const reduction::Population& population,
                        reduction::Features& features) {
  std::vector<std::size_t> proper;
  for (std::size_t c = 0; c < header.coordinates.size(); ++c)
    for (const char* name : {"u", "ux", "uy", "uz"})
      if (header.coordinates[c] == name) proper.push_back(c);
  if (proper.empty()) return;
  std::vector<double> gamma(static_cast<std::size_t>(population.count), 1);
  for (std::size_t n = 0; n < gamma.size(); ++n) {
    for (const std::size_t c : proper) gamma[n] += std::pow(population.x[n * header.coordinates.size() + c], 2);
    gamma[n] = std::sqrt(gamma[n]);
  }
  features.push_back(std::move(gamma));
}

/// The same particles at other times are others: nobody is followed, and ids end here.
data::DatasetHeader header_of(const data::DatasetReader& reader, const CommonOptions& common, const std::string& config,
                              std::int64_t particles) {
  data::DatasetHeader header = reader.header();
  header.provenance.seed = common.seed;
  auto& source = header.provenance.source_config;
  if (source.empty()) source = header.provenance.config;
  header.provenance.config = config;
  header.identity = data::Identity::marginals;
  header.has_weights = true;
  header.has_id = false;
  header.density.reset();
  header.double_precision = true;
  if (!header.ragged()) header.particles = particles;
  for (auto& run : header.runs) std::fill(run.particles.begin(), run.particles.end(), particles);
  return header;
}

void resample_frame(const data::DatasetReader& reader, data::DatasetWriter& writer, std::int64_t m, std::int64_t k,
                    std::int64_t particles) {
  const auto& header = reader.header();
  const DoubleFrame frame = read_frame(reader, m, k);
  const reduction::Population population{.count = header.particles_at(m, k),
                                         .dimension = header.dimension(),
                                         .x = frame.samples.data(),
                                         .weights = frame.weights.empty() ? nullptr : frame.weights.data(),
                                         .periods = header.periods};
  auto features = reduction::moments_of(population);
  add_lorentz_factor(header, population, features);
  const auto seed = static_cast<std::uint64_t>(writer.header().provenance.seed);
  const auto place = (static_cast<std::uint64_t>(m) << 32) + static_cast<std::uint64_t>(k);
  const auto reduced = reduction::reduce(population, features, particles, seed, place);
  const auto d = static_cast<std::size_t>(header.dimension());
  writer.write_frame(m, k, std::span<const double>(picked_rows(frame.samples, reduced.rows, d)),
                     picked_rows(frame.velocities, reduced.rows, d), reduced.weights);
}

class Resample : public Command {
 public:
  std::string usage() const override { return "DATA.h5 --particles N --output OUT.h5 [FLAGS]"; }

  void declare(CommandLine& line) const override {
    line.add_argument("data");
    line.add_flag("output", "OUT.h5", "the dataset to write, in float64");
    line.add_flag("particles", "N", "particles per frame");
    line.add_example("scorefield resample train.h5 --particles 2000 --output small.h5");
    line.add_example("scorefield resample particles.h5 --particles 500 --output few.h5 --seed 1 --threads 2");
  }

  void prepare(const CommandLine& line, OptionSet&) override {
    path_ = line.required("data");
    output_ = line.required("output");
    particles_ = parse_count("particles", line.required("particles"));
  }

  std::optional<Answer> run(const CommandLine& line, const OptionSet& set) override {
    check_output_differs(output_, {path_});
    const data::DatasetReader reader(path_, data::Layouts::any);
    const auto& header = reader.header();
    data::DatasetWriter writer(output_, header_of(reader, line.common(), set.to_toml(), particles_));
    ProgressPrinter printer(line.common().quiet);
    const auto observer = printer.observer();
    std::int64_t frames = 0, done = 0;
    for (std::int64_t m = 0; m < header.mu_count(); ++m) frames += static_cast<std::int64_t>(header.times(m).size());
    for (std::int64_t m = 0; m < header.mu_count(); ++m)
      for (std::size_t k = 0; k < header.times(m).size(); ++k) {
        resample_frame(reader, writer, m, static_cast<std::int64_t>(k), particles_);
        if (interrupt_requested()) throw Interrupted("stopped; nothing was written.");
        observer({.stage = "resampling", .done = ++done, .total = frames, .detail = ""});
      }
    if (const auto diagnostics = reader.read_diagnostics()) writer.write_diagnostics(*diagnostics);
    writer.commit();
    const nlohmann::ordered_json json{{"output", output_}, {"frames", frames}, {"particles", particles_}};
    return Answer{
        json.dump(2),
        output_ + ": " + std::to_string(frames) + " frames of " + std::to_string(particles_) + " weighted particles\n",
        {}};
  }

 private:
  std::string path_, output_;
  std::int64_t particles_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_resample() { return std::make_unique<Resample>(); }

}  // namespace scorefield::apps
