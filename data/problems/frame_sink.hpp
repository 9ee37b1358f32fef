#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "data/dataset.hpp"

namespace scorefield::problems {

/// Where a generator puts what it makes: begin, frames in any order, diagnostics, finish.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void begin(const data::DatasetHeader& header) = 0;
  /// samples, and velocities where the header has them: [N, d] row-major.
  virtual void write_frame(std::int64_t mu_index, std::int64_t frame, std::span<const float> samples,
                           std::span<const float> velocities) = 0;
  /// values: [G] of the header's grid, where it has one.
  virtual void write_density(std::int64_t /*mu_index*/, std::int64_t /*frame*/, std::span<const float> /*values*/) {}
  virtual void write_diagnostics(const data::Diagnostics& /*diagnostics*/) {}
  virtual void finish() {}

  /// The frames so far, into the file of a run that stops and back from it. @throws Error where they are not kept
  virtual void save(h5::File& checkpoint) const;
  virtual void restore(const h5::File& checkpoint);
};

/// A dataset on disk, which appears with finish() and not before.
class DatasetSink : public FrameSink {
 public:
  explicit DatasetSink(std::string path) : path_(std::move(path)) {}
  void begin(const data::DatasetHeader& header) override { writer_.emplace(path_, header); }
  void write_frame(std::int64_t mu_index, std::int64_t frame, std::span<const float> samples,
                   std::span<const float> velocities) override {
    writer_->write_frame(mu_index, frame, samples, velocities);
  }
  void write_density(std::int64_t mu_index, std::int64_t frame, std::span<const float> values) override {
    writer_->write_density(mu_index, frame, values);
  }
  void write_diagnostics(const data::Diagnostics& diagnostics) override { writer_->write_diagnostics(diagnostics); }
  void finish() override { writer_->commit(); }
  void save(h5::File& checkpoint) const override { writer_->save_frames(checkpoint); }
  void restore(const h5::File& checkpoint) override { writer_->restore_frames(checkpoint); }

 private:
  std::string path_;
  std::optional<data::DatasetWriter> writer_;
};

}  // namespace scorefield::problems
