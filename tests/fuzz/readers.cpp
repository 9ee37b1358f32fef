#include "tests/fuzz/readers.hpp"

#include <torch/types.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/error.hpp"
#include "core/interrupt.hpp"
#include "data/dataset.hpp"
#include "data/export/export.hpp"
#include "data/import/import.hpp"
#include "data/inspect.hpp"
#include "data/points.hpp"
#include "data/samples_file.hpp"
#include "models/targets/catalogue.hpp"
#include "solvers/sampling/registry.hpp"
#include "solvers/sampling/run.hpp"
#include "solvers/sampling/start.hpp"
#include "tests/support/dataset_file.hpp"
#include "tests/support/numpy_file.hpp"
#include "tests/support/problem_request.hpp"
#include "tests/support/small_model.hpp"
#include "training/compare/experiment.hpp"
#include "training/model_file.hpp"
#include "training/rollout/infer.hpp"
#include "training/sample/target_file.hpp"

namespace scorefield::test {
namespace {

using data::DatasetHeader;

std::string text_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write_text(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

void read_dataset(const std::string& path) {
  (void)data::describe_file_json(path);
  const data::DatasetReader reader(path, data::Layouts::any);
  const DatasetHeader& header = reader.header();
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::size_t k = 0; k < header.times(m).size(); ++k) (void)reader.read_frame(m, static_cast<std::int64_t>(k));
  (void)reader.read_diagnostics();
  (void)data::export_file(path, path + ".npz", {});
}

void write_dense(const std::string& path) {
  data::DatasetWriter writer(path, small_header());
  write_marked_frames(writer);
  data::Diagnostics diagnostics{{0, 0.5, 1}, {}};
  diagnostics.series["electric_energy"] = {{2, 3}, {1, 2, 3, 4, 5, 6}, "energy", "1"};
  writer.write_diagnostics(diagnostics);
  writer.commit();
}

void write_ragged(const std::string& path) {
  auto header = small_header();
  header.time.clear();
  header.particles = 0;
  header.has_velocities = false;
  header.has_weights = header.has_id = true;
  header.runs = {{{0, 1}, {3, 2}}, {{0, 0.5, 2}, {1, 4, 2}}};
  data::DatasetWriter writer(path, header);
  for (std::int64_t m = 0; m < 2; ++m)
    for (std::size_t k = 0; k < header.runs[static_cast<std::size_t>(m)].time.size(); ++k) {
      const auto n = static_cast<std::size_t>(header.particles_at(m, static_cast<std::int64_t>(k)));
      std::vector<std::int64_t> id(n);
      for (std::size_t i = 0; i < n; ++i) id[i] = static_cast<std::int64_t>(i);
      writer.write_frame(m, static_cast<std::int64_t>(k), std::vector<float>(2 * n, 0.5f), {},
                         std::vector<float>(n, 1.0f), id);
    }
  writer.commit();
}

void write_rollout(const std::string& path) {
  auto header = small_header();
  header.provenance.format = data::kRolloutFormat;
  header.has_velocities = false;
  data::DatasetWriter writer(path, header);
  writer.add_log_density("gaussian");
  write_marked_frames(writer);
  for (std::int64_t m = 0; m < 2; ++m)
    for (std::int64_t k = 0; k < 3; ++k) writer.write_log_density(m, k, std::vector<float>(4, -1.0f));
  writer.commit();
}

void write_samples(const std::string& path) {
  data::SamplesFile content;
  content.method = "svgd";
  content.target = "banana";
  content.notes = {"a note"};
  content.names = {"a", "b"};
  content.arrays["samples"] = {{4, 2}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}};
  content.arrays["weights"] = {{4}, std::vector<double>(4, 0.25)};
  content.arrays["log_prob"] = {{4}, std::vector<double>(4, -1)};
  content.arrays["trace/energy"] = {{3}, std::vector<double>{3, 2, 1}};
  data::write_samples(path, content);
}

void read_cloud(const std::string& path) {
  (void)data::describe_file_json(path);
  (void)data::read_samples(path);
  (void)data::read_points(path, {});
  (void)data::export_file(path, path + ".nc", {});
}

ProblemRequest generation(const std::string& checkpoint) {
  ProblemRequest request{"two-stream",
                         {"generate.mu=1.2,1.3", "generate.particles=20", "generate.frames=5",
                          "pic.simulated_particles=101", "pic.duration=0.4", "pic.cells=16"}};
  request.options = problems::resolved(request.options, *request.problem);
  request.options.checkpoint = checkpoint;
  return request;
}

void stop_generation(const std::string& path) {
  catch_interrupts();
  auto request = generation(path);
  try {
    request.generate(path + ".h5", [left = 8](const Progress&) mutable {
      if (--left == 0) std::raise(SIGTERM);
    });
  } catch (const Interrupted&) {
  }
}

void resume_generation(const std::string& path) {
  auto request = generation(path);
  request.options.resume = true;
  request.generate(path + ".h5");
}

sampling::RunRequest sampling_run() {
  static const auto methods = sampling::make_methods();
  const auto target = std::make_shared<sampling::CountedTarget>(targets::make_named_target("three-modes"), torch::kCPU);
  return {.options = {.steps = 6, .check = false, .frames = 2},
          .method = sampling::choose_method(methods, "wfr", *target).method,
          .target = target,
          .initial = sampling::initial_cloud({.particles = 10}, target->dimension(), 5),
          .seed = 5};
}

void stop_sampling(const std::string& path) {
  auto request = sampling_run();
  request.options.checkpoint_interval = 1e-9;
  request.save = [&](const sampling::Snapshot& snapshot) {
    data::write_run_checkpoint(path, {{}, snapshot.arrays, snapshot.notes, request.method.name});
  };
  (void)sampling::run(request);
}

void resume_sampling(const std::string& path) {
  auto request = sampling_run();
  const auto left = data::read_run_checkpoint(path, {});
  request.resume = sampling::Snapshot{path, left.arrays, left.notes};
  (void)sampling::run(request);
}

void make_model(const std::string& path) {
  make_small_model(
      {"two-stream", {1.2, 1.4}, 40, 3, {"pic.simulated_particles=101", "pic.duration=0.4", "pic.cells=16"}},
      path + ".data", path);
}

void read_model(const std::string& path) {
  (void)data::describe_file_json(path);
  (void)training::load_training_state(path, 20);
  training::InferRequest request;
  request.model_path = path;
  request.output_path = path + ".rollout";
  request.options.mu = {{1.3}};
  request.options.start.particles = 8;
  request.options.integration.steps = 4;
  (void)training::infer(request);
}

void import_one(const std::string& path) {
  data::ImportOptions options;
  options.mu_values = {1};
  (void)data::import_files({path}, options, {.format = data::kDatasetFormat}, path + ".imported");
}

void write_openpmd(const std::string& path) {
  auto header = small_header();
  header.mu.resize(1);
  write_marked_dataset(path + ".data", header);
  (void)data::export_file(path + ".data", path, {});
}

void write_npz(const std::string& path) {
  write_marked_dataset(path + ".data");
  (void)data::export_file(path + ".data", path, {});
}

void import_npz(const std::string& path) {
  data::ImportOptions options;
  options.mu_values = {1.2, 1.5};
  (void)data::import_files({path}, options, {.format = data::kDatasetFormat}, path + ".imported");
}

void write_npy(const std::string& path) {
  std::vector<double> values(3 * 4 * 2);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i) / 7;
  write_text(path, npy("<f8", "(3, 4, 2)", bytes_of(values)));
}

std::vector<Reader> text_readers() {
  const auto target = [](const std::string& path) { (void)training::open_target(path, {}, torch::kCPU, 0); };
  return {
      {"toml-options", "options.toml", false,
       [](const std::string& path) {
         training::TrainConfig config;
         OptionSet set;
         training::bind(set, config);
         write_text(path, set.to_toml());
       },
       [](const std::string& path) {
         training::TrainConfig config;
         OptionSet set;
         training::bind(set, config);
         set.load_toml(text_of(path), path);
       }},
      {"toml-target", "target.toml", false,
       [](const std::string& path) {
         write_text(path,
                    "family = \"mixture\"\nweights = [0.3, 0.7]\nmeans = [-2.0, 0.0, 2.0, 1.0]\n"
                    "dimension = 2\nscale = 0.5\n");
       },
       target},
      {"toml-experiment", "experiment.toml", false,
       [](const std::string& path) { write_text(path, compare::experiment_presets().front().toml); },
       [](const std::string& path) { (void)compare::parse_experiment(text_of(path), path, true); }},
      {"stan-data", "data.json", false,
       [](const std::string& path) { write_text(path, "{\"mean\": 1.5, \"y\": [1.0, 2.5, -0.5], \"sigma\": 1}\n"); },
       [](const std::string& path) {
         training::TargetOptions options;
         options.data = path;
         (void)training::open_target(SCOREFIELD_STAN_LIBRARY, options, torch::kCPU, 0);
       }},
  };
}

}  // namespace

std::vector<Reader> readers() {
  std::vector<Reader> all{
      {"dataset", "data.h5", true, write_dense, read_dataset},
      {"dataset-frames", "data.h5", true, write_ragged, read_dataset},
      {"rollout", "rollout.h5", true, write_rollout, read_dataset},
      {"samples", "samples.h5", true, write_samples, read_cloud},
      {"checkpoint-generate", "data.h5.checkpoint", true, stop_generation, resume_generation},
      {"checkpoint-sample", "samples.h5.checkpoint", true, stop_sampling, resume_sampling},
      {"model", "model.h5", true, make_model, read_model},
      {"openpmd", "series.h5", true, write_openpmd, import_one},
      {"npy", "points.npy", false, write_npy, import_one},
      {"npz", "data.npz", false, write_npz, import_npz},
  };
  for (auto& reader : text_readers()) all.push_back(std::move(reader));
  return all;
}

}  // namespace scorefield::test
