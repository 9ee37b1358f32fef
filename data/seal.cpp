#include "data/seal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/checksum.hpp"
#include "core/error.hpp"

namespace scorefield::data {
namespace {

constexpr std::string_view kMagic = "scorefield seal1";
constexpr std::size_t kWord = sizeof(std::uint64_t);

class Descriptor {
 public:
  Descriptor(const std::string& location, int mode) : value_(::open(location.c_str(), mode | O_CLOEXEC)) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return value_; }

 private:
  int value_;
};

std::string system_reason() { return std::strerror(errno); }

std::uint64_t size_of(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && status.st_size > 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

/// False at the end of the file and on failure.
bool read_all(int descriptor, std::uint64_t offset, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

bool write_all(int descriptor, std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return true;
}

std::uint64_t block_count(std::uint64_t content) { return (content + Seal::kBlock - 1) / Seal::kBlock; }

/// Calls visit(block, its bytes) for all of the content, some megabytes at a time. False where it cannot be read.
template <class Visit>
bool visit_blocks(int descriptor, std::uint64_t content, Visit&& visit) {
  std::vector<std::byte> buffer(64 * Seal::kBlock);
  for (std::uint64_t offset = 0; offset < content; offset += buffer.size()) {
    const auto bytes = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), content - offset));
    if (!read_all(descriptor, offset, bytes)) return false;
    for (std::uint64_t in = 0; in < bytes.size(); in += Seal::kBlock)
      visit((offset + in) / Seal::kBlock, bytes.subspan(in, std::min<std::uint64_t>(Seal::kBlock, bytes.size() - in)));
  }
  return true;
}

using Footer = std::array<std::byte, Seal::kFooter>;

/// False where the file does not end as a seal does.
bool read_footer(int descriptor, Footer& footer) {
  const std::uint64_t size = size_of(descriptor);
  return size >= footer.size() && read_all(descriptor, size - footer.size(), footer) &&
         std::memcmp(footer.data() + 3 * kWord, kMagic.data(), kMagic.size()) == 0;
}

/// What is stored before the checksum of the seal itself.
std::vector<std::uint64_t> words_of(const Seal& seal) {
  std::vector<std::uint64_t> words = seal.blocks;
  words.push_back(seal.content);
  words.push_back(Seal::kBlock);
  return words;
}

std::uint64_t checksum_of(const std::vector<std::uint64_t>& words) { return checksum(std::as_bytes(std::span(words))); }

}  // namespace

std::uint64_t Seal::size(std::uint64_t block) const { return std::min(kBlock, content - block * kBlock); }

bool Seal::holds(std::uint64_t block, std::span<const std::byte> bytes) const {
  return checksum(bytes, block) == blocks.at(block);
}

std::string Seal::complaint(std::uint64_t block) const {
  return "is damaged: bytes " + std::to_string(block * kBlock) + " to " +
         std::to_string(block * kBlock + size(block) - 1) +
         " are not those that were written (checksum). Copy or generate it again.";
}

bool has_seal(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  Footer footer;
  return file.get() >= 0 && read_footer(file.get(), footer);
}

std::optional<Seal> read_seal(int descriptor, const std::string& path) {
  const std::uint64_t size = size_of(descriptor);
  Footer footer;
  if (!read_footer(descriptor, footer)) return std::nullopt;
  std::uint64_t word[3];
  std::memcpy(word, footer.data(), sizeof word);
  Seal seal{.content = word[0], .blocks = {}};
  const std::uint64_t body = size - footer.size();
  bool good =
      word[1] == Seal::kBlock && seal.content <= body && body - seal.content == block_count(seal.content) * kWord;
  if (good) {
    seal.blocks.resize(block_count(seal.content));
    good = read_all(descriptor, seal.content, std::as_writable_bytes(std::span(seal.blocks)));
  }
  if (good) good = checksum_of(words_of(seal)) == word[2];
  if (!good) throw FileError(path, "is damaged: its checksums at the end are. Copy or generate it again.");
  return seal;
}

void append_seal(const std::string& location, const std::string& path) {
  const Descriptor file(location, O_RDWR);
  Seal seal{.content = size_of(file.get()), .blocks = {}};
  seal.blocks.reserve(block_count(seal.content));
  bool good = file.get() >= 0 && visit_blocks(file.get(), seal.content, [&](std::uint64_t block, auto bytes) {
                seal.blocks.push_back(checksum(bytes, block));
              });
  auto words = words_of(seal);
  words.push_back(checksum_of(words));
  const std::uint64_t end = seal.content + words.size() * kWord;
  good = good && write_all(file.get(), seal.content, std::as_bytes(std::span(words))) &&
         write_all(file.get(), end, std::as_bytes(std::span(kMagic)));
  if (!good) throw FileError(path, "could not be written completely (" + system_reason() + ").");
}

std::optional<std::uint64_t> verify_seal(const std::string& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0) throw FileError(path, "cannot be read (" + system_reason() + ").");
  const auto seal = read_seal(file.get(), path);
  if (!seal) return std::nullopt;
  const bool readable = visit_blocks(file.get(), seal->content, [&](std::uint64_t block, auto bytes) {
    if (!seal->holds(block, bytes)) throw FileError(path, seal->complaint(block));
  });
  if (!readable) throw FileError(path, "cannot be read to its end (" + system_reason() + ").");
  return seal->content;
}

}  // namespace scorefield::data
