#include "models/targets/sample_target.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/error.hpp"
#include "core/random_subset.hpp"
#include "data/dataset.hpp"
#include "data/h5.hpp"
#include "models/targets/draws.hpp"

namespace scorefield::targets {
namespace {

using torch::Tensor;

[[noreturn]] void refuse_density(const std::string& name) {
  throw UsageError("target '" + name +
                   "' is a set of samples: it has no density and no score. Use a method of kernel "
                   "energies: ift, mmd-flow, noisy-mmd-flow or wfr.");
}

/// A two-dimensional little-endian NumPy array of format 1 to 3.
Tensor read_numpy(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic(8, '\0');
  if (!file.read(magic.data(), 8) || magic.compare(0, 6, "\x93NUMPY") != 0)
    throw FileError(path, "is not a .npy file.");
  std::uint32_t length = 0;
  file.read(reinterpret_cast<char*>(&length), magic[6] == 1 ? 2 : 4);
  if (length > 65536) throw FileError(path, "its header is damaged.");
  std::string header(length, '\0');
  file.read(header.data(), length);
  const bool single = header.find("'<f4'") != std::string::npos;
  if (!single && header.find("'<f8'") == std::string::npos)
    throw FileError(
        path, "expected an array of float32 or float64, found " + header.substr(0, 60) + ". Convert it with astype.");
  if (header.find("'fortran_order': True") != std::string::npos)
    throw FileError(path, "is in Fortran order. Save numpy.ascontiguousarray(x).");
  long long rows = 0, columns = 0;
  const auto shape = header.find("'shape':");
  if (shape == std::string::npos ||
      std::sscanf(header.c_str() + shape, "'shape': (%lld, %lld)", &rows, &columns) != 2 || rows < 1 || columns < 1)
    throw FileError(path, "expected an array [N, d].");
  auto values = torch::empty({rows, columns}, single ? torch::kFloat32 : torch::kFloat64);
  if (!file.read(static_cast<char*>(values.data_ptr()), static_cast<std::streamsize>(values.nbytes())))
    throw FileError(path, "is shorter than its header says.");
  return values.to(torch::kFloat64);
}

Tensor read_dataset_frame(const std::string& path, const SampleSetOptions& options) {
  const data::DatasetReader reader(path);
  const auto& header = reader.header();
  std::vector<double> mu(header.mu.front().size(), options.mu);
  const auto nearest = std::min_element(header.time.begin(), header.time.end(), [&](double a, double b) {
    return std::abs(a - options.time) < std::abs(b - options.time);
  });
  std::vector<float> frame(static_cast<std::size_t>(header.frame_size()));
  reader.read_samples(reader.nearest_mu(mu), nearest - header.time.begin(), frame);
  return torch::tensor(frame, torch::kFloat32).view({header.particles, header.dimension()}).to(torch::kFloat64);
}

constexpr std::uint64_t kPointsSeed = 0x9015;  ///< which points of a large set are taken

}  // namespace

SampleTarget::SampleTarget(std::string name, Tensor samples) : name_(std::move(name)), samples_(std::move(samples)) {}

Tensor SampleTarget::score(const Tensor&) const { refuse_density(name_); }
Tensor SampleTarget::log_density(const Tensor&) const { refuse_density(name_); }
Target::Evaluation SampleTarget::evaluate(const Tensor&) const { refuse_density(name_); }

Tensor SampleTarget::draw(std::int64_t n, std::uint64_t seed) const {
  const auto u = uniform_draws(n, 1, seed, 1).select(1, 0);
  return samples_.index_select(0, (u * static_cast<double>(samples_.size(0))).floor().to(torch::kInt64));
}

Truth SampleTarget::truth() const {
  Truth truth;
  truth.mean = samples_.mean(0);
  const auto centred = samples_ - truth.mean;
  truth.covariance = torch::mm(centred.t(), centred) / static_cast<double>(samples_.size(0));
  return truth;
}

std::shared_ptr<const SampleTarget> open_sample_target(const std::string& path, const SampleSetOptions& options) {
  Tensor samples;
  if (path.ends_with(".npy")) {
    samples = read_numpy(path);
  } else {
    const auto file = h5::File::open(path);
    const auto format =
        data::read_provenance(file, {data::kDatasetFormat, data::kRolloutFormat, data::kSamplesFormat}).format;
    if (format == data::kSamplesFormat) {
      const auto dims = file.dims("/samples");
      samples = torch::tensor(file.read<double>("/samples"), torch::kFloat64).view({dims.at(0), dims.at(1)});
    } else {
      samples = read_dataset_frame(path, options);
    }
  }
  if (!torch::isfinite(samples).all().item<bool>()) throw FileError(path, "holds numbers that are not finite.");
  if (options.points > 0 && options.points < samples.size(0))
    samples = samples.index_select(0, torch::tensor(random_subset(samples.size(0), options.points, kPointsSeed)));
  return std::make_shared<SampleTarget>(std::filesystem::path(path).stem().string(), samples.contiguous());
}

}  // namespace scorefield::targets
