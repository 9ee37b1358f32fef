#include "data/import/array_source.hpp"

#include "core/error.hpp"

namespace scorefield::data {
namespace {

std::string quoted(const std::string& name) { return "array '" + name + "'"; }

class ArraySource : public ImportSource {
 public:
  ArraySource(const std::string& path, std::unique_ptr<ArrayFile> file, const ArrayNames& names)
      : path_(path), file_(std::move(file)), samples_(file_->array(names.samples)) {
    const h5::Dims& dims = samples_->dims();
    if (dims.size() != 3 && dims.size() != 4)
      throw FileError(path, quoted(names.samples) + " has shape " + h5::to_text(dims) +
                                ", expected [times, particles, coordinates] or [mu, times, particles, coordinates].");
    for (const std::int64_t size : dims)
      if (size < 1) throw FileError(path, quoted(names.samples) + " is empty: " + h5::to_text(dims) + ".");
    if (file_->has(names.velocities)) {
      velocities_ = file_->array(names.velocities);
      if (velocities_->dims() != dims)
        throw FileError(path, quoted(names.velocities) + " has shape " + h5::to_text(velocities_->dims()) +
                                  ", expected that of '" + names.samples + "', " + h5::to_text(dims) + ".");
    }
    const h5::Dims run(dims.end() - 3, dims.end());
    frames_ = run[0];
    frame_size_ = run[1] * run[2];
    space_.dimension = run[2];
    space_.has_velocities = velocities_ != nullptr;
    read_runs(dims.size() == 4 ? dims[0] : 1, run[1], names);
  }

  [[nodiscard]] ImportFrame read(std::int64_t run, std::int64_t frame) const override {
    const std::int64_t offset = (run * frames_ + frame) * frame_size_;
    return {.samples = samples_->read(offset, frame_size_),
            .velocities = velocities_ ? velocities_->read(offset, frame_size_) : std::vector<float>{},
            .weights = {}};
  }

 private:
  void read_runs(std::int64_t count, std::int64_t particles, const ArrayNames& names) {
    ImportRun run{.origin = path_, .mu = {}, .time = read_time(names), .particles = {}};
    run.particles.assign(static_cast<std::size_t>(frames_), particles);
    runs_.assign(static_cast<std::size_t>(count), run);
    if (!file_->has(names.mu)) return;
    const auto values = file_->array(names.mu)->read_all();
    if (values.empty() || values.size() % runs_.size() != 0)
      throw FileError(path_, quoted(names.mu) + " has " + std::to_string(values.size()) + " values, expected " +
                                 std::to_string(count) + " or a multiple.");
    const auto width = static_cast<std::ptrdiff_t>(values.size() / runs_.size());
    auto row = values.begin();
    for (ImportRun& each : runs_) {
      each.mu.assign(row, row + width);
      row += width;
    }
  }

  [[nodiscard]] std::vector<double> read_time(const ArrayNames& names) const {
    if (!file_->has(names.time)) return {};
    auto time = file_->array(names.time)->read_all();
    if (static_cast<std::int64_t>(time.size()) != frames_)
      throw FileError(path_, quoted(names.time) + " has " + std::to_string(time.size()) +
                                 " values, expected one per time of the samples, " + std::to_string(frames_) + ".");
    return time;
  }

  std::string path_;
  std::unique_ptr<ArrayFile> file_;
  std::unique_ptr<ForeignArray> samples_, velocities_;
  std::int64_t frames_ = 0, frame_size_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<ImportSource>> ArrayFormat::open(const std::vector<std::string>& paths,
                                                             const ArrayNames& names) const {
  std::vector<std::unique_ptr<ImportSource>> sources;
  for (const auto& path : paths) sources.push_back(std::make_unique<ArraySource>(path, open_file(path), names));
  return sources;
}

}  // namespace scorefield::data
