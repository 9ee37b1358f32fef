// Readers under clang's libFuzzer, which goes where a mutant runs code that no other has: what does not use LibTorch.
//   fuzz_readers --reader=NAME [--good=FILE] CORPUS -max_total_time=300
// --good writes a small good file of that kind first. tests/fuzz/run does all of them in turn.

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/interval.hpp"
#include "core/options.hpp"
#include "core/parallel.hpp"
#include "core/parameter_list.hpp"
#include "core/range.hpp"
#include "data/dataset.hpp"
#include "data/export/export.hpp"
#include "data/h5.hpp"
#include "data/import/import.hpp"
#include "data/inspect.hpp"
#include "data/model_header.hpp"
#include "data/named_arrays.hpp"
#include "data/points.hpp"
#include "data/samples_file.hpp"
#include "data/seal.hpp"
#include "tests/support/dataset_file.hpp"
#include "tests/support/numpy_file.hpp"
#include "training/sample/stan_data.hpp"

namespace scorefield::test {
namespace {

/// A kind of file, how to make a good one, and all that is read of it.
struct Reader {
  std::string name, file;
  std::function<void(const std::string& path)> make, read;
};

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::ptrdiff_t>(bytes.size()));
}

void read_dataset(const std::string& path) {
  (void)data::describe_file_json(path);
  const data::DatasetReader reader(path, data::Layouts::any);
  const data::DatasetHeader& header = reader.header();
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::size_t k = 0; k < header.times(m).size(); ++k) (void)reader.read_frame(m, static_cast<std::int64_t>(k));
  (void)reader.read_diagnostics();
}

void write_samples(const std::string& path) {
  data::SamplesFile content;
  content.method = "svgd";
  content.target = "banana";
  content.arrays["samples"] = {{4, 2}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8}};
  content.arrays["weights"] = {{4}, std::vector<double>(4, 0.25)};
  data::write_samples(path, content);
}

void read_cloud(const std::string& path) {
  (void)data::describe_file_json(path);
  (void)data::read_samples(path);
  (void)data::read_points(path, {});
}

/// Of a generator: the frames so far. Of a sampler: its arrays.
void write_checkpoint(const std::string& path) {
  data::DatasetWriter writer(path + ".data", small_header());
  write_marked_frames(writer);
  auto file = h5::File::create(path);
  writer.save_frames(file);
  file.close();
}

void restore_checkpoint(const std::string& path) {
  data::DatasetWriter writer(path + ".data", small_header());
  writer.restore_frames(h5::File::open(path));
}

void write_run(const std::string& path) {
  data::write_run_checkpoint(path, {{}, {{"x", {{2, 2}, std::vector<double>{1, 2, 3, 4}}}}, {"a note"}, "svgd"});
}

void write_model(const std::string& path) {
  auto file = h5::File::create(path);
  data::ModelHeader header;
  header.provenance.format = "scorefield/model";
  header.data = small_header();
  header.options = "width = 8\n";
  data::write_model_header(file, header);
  file.write<double>("/model/weights", std::vector<double>(6, 0.5), {2, 3});
  file.close();
}

void read_model(const std::string& path) {
  (void)data::describe_file_json(path);
  const auto file = h5::File::open(path);
  (void)data::read_model_header(file);
  (void)data::read_arrays(file);
}

void write_openpmd(const std::string& path) {
  auto header = small_header();
  header.mu.resize(1);
  write_marked_dataset(path + ".data", header);
  (void)data::export_file(path + ".data", path, {});
}

void import_file(const std::string& path, std::vector<double> mu) {
  data::ImportOptions options;
  options.mu_values = std::move(mu);
  (void)data::import_files({path}, options, {.format = data::kDatasetFormat}, path + ".imported");
}

void import_one(const std::string& path) { import_file(path, {1}); }

void write_npz(const std::string& path) {
  write_marked_dataset(path + ".data");
  (void)data::export_file(path + ".data", path, {});
}

/// An option of every type.
void read_options(const std::string& path) {
  bool flag = false;
  std::int64_t count = 0;
  double number = 0;
  std::string text, word = "one";
  std::vector<double> numbers;
  std::vector<std::vector<double>> rows;
  std::vector<Interval> intervals;
  OptionSet set;
  set.add("a.flag", flag, "a flag");
  set.add("a.count", count, in(0, 100), "a count");
  set.add("a.number", number, any_number(), "a number");
  set.add("b.text", text, "a text");
  set.add("b.word", word, {"one", "two"}, "a word");
  set.add("c.numbers", numbers, any_number(), "numbers");
  set.add("c.rows", rows, "rows");
  set.add("c.intervals", intervals, "intervals");
  std::ifstream stream(path, std::ios::binary);
  set.load_toml({std::istreambuf_iterator<char>(stream), {}}, path);
}

std::function<void(const std::string&)> text(std::string content) {
  return [content = std::move(content)](const std::string& path) { write_bytes(path, content); };
}

std::vector<Reader> coverage_readers() {
  return {
      {"dataset", "data.h5", [](const std::string& path) { write_marked_dataset(path); }, read_dataset},
      {"samples", "samples.h5", write_samples, read_cloud},
      {"checkpoint-generate", "data.checkpoint", write_checkpoint, restore_checkpoint},
      {"checkpoint-sample", "run.checkpoint", write_run,
       [](const std::string& path) { (void)data::read_run_checkpoint(path, {}); }},
      {"model", "model.h5", write_model, read_model},
      {"openpmd", "series.h5", write_openpmd, import_one},
      {"npy", "points.npy", text(npy("<f8", "(3, 2, 2)", bytes_of(std::vector<double>(12, 0.5)))), import_one},
      {"npz", "data.npz", write_npz, [](const std::string& path) { import_file(path, {1, 2}); }},
      {"toml", "options.toml",
       text("[a]\nflag = true\ncount = 3\nnumber = -1e-3\n[b]\ntext = \"\"\"x\"\"\"\nword = 'two'\n"
            "[c]\nnumbers = [1, 2.5]\nrows = [[1, 2], [3, 4]]\nintervals = [[0, 1]]\n"),
       read_options},
      {"table", "mu.csv", text("file,mu,beams.speed\na.npy,1.2,3\n\"b,c.npy\",1.3,2.5\n"),
       [](const std::string& path) { (void)read_parameter_table(path); }},
      {"stan", "data.json", text("{\"mean\": 1.5, \"y\": [1.0, 2.5], \"sigma\": 1}\n"),
       [](const std::string& path) { (void)training::read_stan_data(path + ".so", path); }},
  };
}

Reader chosen;
std::string place;  ///< of the mutant

/// What a file holds without its checksums, past which no mutant would get.
std::string good_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (data::has_seal(path)) bytes.resize(data::verify_seal(path).value());
  return bytes;
}

}  // namespace
}  // namespace scorefield::test

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  using namespace scorefield::test;
  scorefield::set_thread_count(1);
  std::string name, good;
  for (int i = 1; i < *count; ++i) {
    const std::string word = (*arguments)[i];
    if (word.starts_with("--reader=")) name = word.substr(9);
    if (word.starts_with("--good=")) good = word.substr(7);
  }
  for (auto& reader : coverage_readers())
    if (reader.name == name) chosen = reader;
  if (chosen.name.empty()) {
    for (const auto& reader : coverage_readers()) std::cout << reader.name << "\n";
    std::exit(name.empty() ? 0 : 2);
  }
  const auto folder = std::filesystem::temp_directory_path() / ("fuzz-" + name + "-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  place = (folder / chosen.file).string();
  if (!good.empty()) {
    chosen.make(place);
    write_bytes(good, good_bytes(place));
    chosen.read(place);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace scorefield::test;
  write_bytes(place, {reinterpret_cast<const char*>(bytes), size});
  try {
    chosen.read(place);
  } catch (const scorefield::Error& error) {
    if (std::string(error.what()).size() < 9) std::abort();  // no message
  }
  return 0;
}
