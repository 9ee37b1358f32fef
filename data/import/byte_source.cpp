#include "data/import/byte_source.hpp"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "core/error.hpp"

namespace scorefield::data {
namespace {

class PlainBytes : public ByteSource {
 public:
  PlainBytes(const std::string& path, std::int64_t first, std::int64_t size)
      : path_(path), first_(first), size_(size), file_(path, std::ios::binary) {
    if (!file_) throw FileError(path, "no such file, or it cannot be read.");
    whole_ = static_cast<std::int64_t>(std::filesystem::file_size(path));
    if (size_ < 0) size_ = whole_ - first;
  }
  [[nodiscard]] const std::string& path() const override { return path_; }
  [[nodiscard]] std::int64_t size() const override { return size_; }
  [[nodiscard]] std::string read(std::int64_t offset, std::int64_t count) const override {
    const auto ends_early = [&](std::int64_t expected) {
      throw FileError(path_, "ends within an array, expected " + std::to_string(expected) +
                                 " bytes at least. Write or copy it again.");
    };
    // Before there is room for them: numbers of a damaged file may be any.
    if (offset < 0 || count < 0 || first_ < 0 || count > whole_ || offset > whole_ || first_ + offset > whole_ - count)
      ends_early(whole_ + 1);
    std::string bytes(static_cast<std::size_t>(count), '\0');
    file_.clear();
    file_.seekg(first_ + offset);
    file_.read(bytes.data(), count);
    if (file_.gcount() != count) ends_early(first_ + offset + count);
    return bytes;
  }

 private:
  std::string path_;
  std::int64_t first_, size_;
  std::int64_t whole_ = 0;  ///< bytes of the file
  mutable std::ifstream file_;
};

class DeflatedBytes : public ByteSource {
 public:
  DeflatedBytes(const std::string& path, std::string name, std::int64_t first, std::int64_t packed, std::int64_t size)
      : name_(std::move(name)), packed_(path, first, packed), size_(size) {
    start();
  }
  ~DeflatedBytes() override { inflateEnd(&stream_); }
  DeflatedBytes(const DeflatedBytes&) = delete;
  DeflatedBytes& operator=(const DeflatedBytes&) = delete;

  [[nodiscard]] const std::string& path() const override { return packed_.path(); }
  [[nodiscard]] std::int64_t size() const override { return size_; }
  [[nodiscard]] std::string read(std::int64_t offset, std::int64_t count) const override {
    if (offset < 0 || count < 0 || offset > size_ || count > size_ - offset) damaged();  // before there is room for it
    if (offset < position_) {
      inflateEnd(&stream_);
      start();
    }
    std::string skipped(static_cast<std::size_t>(std::min(offset - position_, kPiece)), '\0');
    while (position_ < offset) unpack(skipped.data(), std::min(offset - position_, kPiece));
    std::string bytes(static_cast<std::size_t>(count), '\0');
    for (std::int64_t done = 0; done < count; done += kPiece)
      unpack(bytes.data() + done, std::min(count - done, kPiece));
    return bytes;
  }

 private:
  static constexpr std::int64_t kPiece = std::int64_t{1} << 20;

  [[noreturn]] void damaged() const {
    throw FileError(path(),
                    "array '" + name_ + "' is compressed and damaged, or ends too early. Write or copy it again.");
  }

  void start() const {
    stream_ = {};
    taken_ = position_ = 0;
    if (inflateInit2(&stream_, -MAX_WBITS) != Z_OK) throw Error("zlib cannot be started.");  // zip's raw deflate
  }

  /// The next `count` bytes, at most kPiece.
  void unpack(char* bytes, std::int64_t count) const {
    stream_.next_out = reinterpret_cast<Bytef*>(bytes);
    stream_.avail_out = static_cast<uInt>(count);
    while (stream_.avail_out > 0) {
      if (stream_.avail_in == 0) {
        const std::int64_t more = std::min(kPiece, packed_.size() - taken_);
        if (more <= 0) damaged();
        input_ = packed_.read(taken_, more);
        taken_ += more;
        stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
        stream_.avail_in = static_cast<uInt>(more);
      }
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status == Z_STREAM_END && stream_.avail_out > 0) damaged();
      if (status != Z_OK && status != Z_STREAM_END) damaged();
    }
    position_ += count;
  }

  std::string name_;
  PlainBytes packed_;
  std::int64_t size_;
  mutable z_stream stream_{};
  mutable std::string input_;
  mutable std::int64_t taken_ = 0, position_ = 0;  ///< packed and unpacked bytes behind us
};

}  // namespace

std::unique_ptr<ByteSource> plain_bytes(const std::string& path, std::int64_t first, std::int64_t size) {
  return std::make_unique<PlainBytes>(path, first, size);
}

std::unique_ptr<ByteSource> deflated_bytes(const std::string& path, const std::string& name, std::int64_t first,
                                           std::int64_t packed, std::int64_t size) {
  return std::make_unique<DeflatedBytes>(path, name, first, packed, size);
}

}  // namespace scorefield::data
