#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/export/writers.hpp"

namespace scorefield::data {
namespace {

std::string little_endian(std::uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

/// Arrays as np.savez writes them: a zip archive (zip64) of .npy files, stored.
class NpzWriter {
 public:
  explicit NpzWriter(const std::string& path)
      : destination_(path), file_(destination_.temporary_path(), std::ios::binary) {}

  /// Starts an array; its numbers follow by add(). type: NumPy's, "<f8"
  void begin(const std::string& name, const std::string& type, const h5::Dims& dims) {
    end();
    entries_.push_back({name + ".npy", static_cast<std::uint64_t>(file_.tellp()), 0, 0});
    // Sizes stand in the directory; here they are patched in at the end of the array.
    const std::string& entry = entries_.back().name;
    write("PK\3\4" + little_endian(45, 2) + little_endian(0, 2) + little_endian(0, 2) + stamp() + little_endian(0, 4) +
          little_endian(0xffffffff, 4) + little_endian(0xffffffff, 4) + little_endian(entry.size(), 2) +
          little_endian(20, 2) + entry + little_endian(1, 2) + little_endian(16, 2) + little_endian(0, 8) +
          little_endian(0, 8));
    open_ = true;
    std::string shape;
    for (const std::int64_t size : dims) shape += std::to_string(size) + ", ";
    std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    const std::size_t length = (header.size() + 1 + 10 + 63) / 64 * 64 - 10;
    header.resize(length - 1, ' ');
    content(std::string("\x93NUMPY\1\0", 8) + little_endian(length, 2) + header + "\n");
  }
  template <class T>
  void add(std::span<const T> values) {
    content(std::string(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
  }
  template <class T>
  void array(const std::string& name, const std::string& type, const std::vector<T>& values, const h5::Dims& dims) {
    begin(name, type, dims);
    add(std::span<const T>(values));
  }
  /// Words as NumPy's fixed-width Unicode.
  void words(const std::string& name, const std::vector<std::string>& words) {
    std::size_t width = 1;
    for (const auto& word : words) width = std::max(width, word.size());
    begin(name, "<U" + std::to_string(width), {static_cast<std::int64_t>(words.size())});
    std::string bytes;
    for (const auto& word : words)
      for (std::size_t i = 0; i < width; ++i)
        bytes += little_endian(i < word.size() ? static_cast<unsigned char>(word[i]) : 0, 4);
    content(bytes);
  }

  void commit() {
    end();
    const auto first = static_cast<std::uint64_t>(file_.tellp());
    for (const Entry& entry : entries_)
      write("PK\1\2" + little_endian(45, 2) + little_endian(45, 2) + little_endian(0, 2) + little_endian(0, 2) +
            stamp() + little_endian(entry.crc, 4) + little_endian(0xffffffff, 4) + little_endian(0xffffffff, 4) +
            little_endian(entry.name.size(), 2) + little_endian(28, 2) + little_endian(0, 2) + little_endian(0, 2) +
            little_endian(0, 2) + little_endian(0, 4) + little_endian(0xffffffff, 4) + entry.name +
            little_endian(1, 2) + little_endian(24, 2) + little_endian(entry.size, 8) + little_endian(entry.size, 8) +
            little_endian(entry.offset, 8));
    const auto last = static_cast<std::uint64_t>(file_.tellp());
    const std::string count = little_endian(entries_.size(), 8);
    write("PK\6\6" + little_endian(44, 8) + little_endian(45, 2) + little_endian(45, 2) + little_endian(0, 8) + count +
          count + little_endian(last - first, 8) + little_endian(first, 8));
    write("PK\6\7" + little_endian(0, 4) + little_endian(last, 8) + little_endian(1, 4));
    write("PK\5\6" + little_endian(0, 4) + little_endian(entries_.size(), 2) + little_endian(entries_.size(), 2) +
          little_endian(0xffffffff, 4) + little_endian(0xffffffff, 4) + little_endian(0, 2));
    file_.close();
    if (!file_) failed();
    destination_.commit();
  }

 private:
  struct Entry {
    std::string name;
    std::uint64_t offset, size;
    std::uint32_t crc;
  };

  static std::string stamp() { return little_endian(0, 2) + little_endian(0x21, 2); }  ///< 1980-01-01

  [[noreturn]] void failed() const {
    throw FileError(destination_.destination(), "could not be written completely. Is the disk full?");
  }

  void write(const std::string& bytes) {
    file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file_) failed();
  }
  void content(const std::string& bytes) {
    Entry& entry = entries_.back();
    for (std::size_t done = 0; done < bytes.size(); done += kPiece)
      entry.crc = static_cast<std::uint32_t>(crc32(entry.crc, reinterpret_cast<const Bytef*>(bytes.data() + done),
                                                   static_cast<uInt>(std::min(kPiece, bytes.size() - done))));
    entry.size += bytes.size();
    write(bytes);
  }
  void end() {
    if (!open_) return;
    open_ = false;
    const Entry& entry = entries_.back();
    const auto here = file_.tellp();
    file_.seekp(static_cast<std::streamoff>(entry.offset + 14));
    write(little_endian(entry.crc, 4));
    file_.seekp(static_cast<std::streamoff>(entry.offset + 30 + entry.name.size() + 4));
    write(little_endian(entry.size, 8) + little_endian(entry.size, 8));
    file_.seekp(here);
  }

  static constexpr std::size_t kPiece = std::size_t{1} << 30;
  AtomicFile destination_;
  std::ofstream file_;
  std::vector<Entry> entries_;
  bool open_ = false;
};

/// [M, K, N, width], or [S, width] where frames differ; without the last axis for width 0.
h5::Dims shape_of(const DatasetHeader& header, std::int64_t width) {
  h5::Dims dims{header.mu_count(), header.frames(), header.particles};
  if (header.ragged()) {
    dims = {0};
    for (const auto& run : header.runs)
      for (const std::int64_t particles : run.particles) dims[0] += particles;
  }
  if (width > 0) dims.push_back(width);
  return dims;
}

/// Calls body(m, k, number of particles) for every frame, in the order of the arrays.
template <class Body>
void for_frames(const DatasetHeader& header, Body&& body) {
  for (std::int64_t m = 0; m < header.mu_count(); ++m)
    for (std::size_t k = 0; k < header.times(m).size(); ++k) {
      const auto frame = static_cast<std::int64_t>(k);
      body(m, frame, header.particles_at(m, frame));
    }
}

template <class T>
using ReadFrame = void (DatasetReader::*)(std::int64_t, std::int64_t, std::span<T>) const;

/// All frames, one after the other.
template <class T>
void write_frames(const DatasetReader& reader, const std::string& name, ReadFrame<T> read, std::int64_t width,
                  NpzWriter& writer) {
  const DatasetHeader& header = reader.header();
  writer.begin(name, sizeof(T) == 4 ? "<f4" : "<f8", shape_of(header, width));
  std::vector<T> frame;
  for_frames(header, [&](std::int64_t m, std::int64_t k, std::int64_t particles) {
    frame.resize(static_cast<std::size_t>(particles * std::max<std::int64_t>(1, width)));
    (reader.*read)(m, k, frame);
    writer.add(std::span<const T>(frame));
  });
}

template <class T>
void write_particles(const DatasetReader& reader, NpzWriter& writer) {
  const DatasetHeader& header = reader.header();
  const std::int64_t d = header.dimension();
  write_frames<T>(reader, "samples", &DatasetReader::read_samples, d, writer);
  if (header.has_velocities) write_frames<T>(reader, "velocities", &DatasetReader::read_velocities, d, writer);
  if (header.has_weights) write_frames<T>(reader, "weights", &DatasetReader::read_weights, 0, writer);
}

/// The times; where frames differ, also where each begins and whose it is.
void write_times(const DatasetHeader& header, NpzWriter& writer) {
  if (!header.ragged()) return writer.array("time", "<f8", header.time, {header.frames()});
  std::vector<std::int64_t> start{0}, mu;
  std::vector<double> time;
  for_frames(header, [&](std::int64_t m, std::int64_t k, std::int64_t particles) {
    start.push_back(start.back() + particles);
    mu.push_back(m);
    time.push_back(header.times(m)[static_cast<std::size_t>(k)]);
  });
  const auto frames = static_cast<std::int64_t>(mu.size());
  writer.array("frame_start", "<i8", start, {frames + 1});
  writer.array("frame_mu", "<i8", mu, {frames});
  writer.array("frame_time", "<f8", time, {frames});
}

}  // namespace

void write_npz(const DatasetReader& reader, const std::string& output) {
  const DatasetHeader& header = reader.header();
  NpzWriter writer(output);
  if (header.double_precision) write_particles<double>(reader, writer);
  else write_particles<float>(reader, writer);
  write_times(header, writer);
  std::vector<double> mu;
  for (const auto& row : header.mu) mu.insert(mu.end(), row.begin(), row.end());
  writer.array("mu", "<f8", mu, {header.mu_count(), static_cast<std::int64_t>(header.mu_names.size())});
  writer.array("periods", "<f8", header.periods, {header.dimension()});
  writer.words("mu_names", header.mu_names);
  writer.words("coordinates", header.coordinates);
  writer.words("units", header.units);
  writer.words("time_units", {header.time_units});
  writer.words("identity", {header.identity == Identity::trajectories ? "trajectories" : "marginals"});
  if (const auto diagnostics = reader.read_diagnostics()) {
    writer.array("diagnostics_time", "<f8", diagnostics->time, {static_cast<std::int64_t>(diagnostics->time.size())});
    for (const auto& [name, series] : diagnostics->series) writer.array(name, "<f8", series.values, series.shape);
  }
  writer.commit();
}

void write_npz(const SampleCloud& cloud, const std::string& output) {
  NpzWriter writer(output);
  writer.array("samples", "<f8", cloud.samples, {cloud.particles, cloud.dimension});
  if (!cloud.weights.empty()) writer.array("weights", "<f8", cloud.weights, {cloud.particles});
  if (!cloud.log_prob.empty()) writer.array("log_prob", "<f8", cloud.log_prob, {cloud.particles});
  if (!cloud.replica.empty()) writer.array("replica", "<i8", cloud.replica, {cloud.particles});
  if (!cloud.names.empty()) writer.words("names", cloud.names);
  for (const auto& variable : cloud.variables) {
    h5::Dims dims{cloud.particles};
    dims.insert(dims.end(), variable.shape.begin(), variable.shape.end());
    writer.array("variables/" + variable.name, "<f8", variable.values, dims);
  }
  writer.commit();
}

}  // namespace scorefield::data
