#include "data/import/array_source.hpp"
#include "data/import/define_format.hpp"
#include "data/import/numpy_array.hpp"

namespace scorefield::data {
namespace {

/// One array, whatever name is asked for: the samples.
class NpyFile : public ArrayFile {
 public:
  explicit NpyFile(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] bool has(const std::string& /*name*/) const override { return false; }
  [[nodiscard]] std::vector<std::string> names() const override { return {}; }
  [[nodiscard]] std::unique_ptr<ForeignArray> array(const std::string& /*name*/) const override {
    return std::make_unique<NumpyArray>(plain_bytes(path_, 0));
  }

 private:
  std::string path_;
};

}  // namespace

class NpyFormat : public ArrayFormat {
 public:
  [[nodiscard]] std::string name() const override { return "npy"; }
  [[nodiscard]] std::string summary() const override { return "one array of np.save: samples alone"; }
  [[nodiscard]] bool recognises(const std::string& /*path*/, const std::string& start) const override {
    return start.starts_with("\x93NUMPY");
  }

 protected:
  [[nodiscard]] std::unique_ptr<ArrayFile> open_file(const std::string& path) const override {
    return std::make_unique<NpyFile>(path);
  }
};

template std::unique_ptr<ImportFormat> make_format<NpyFormat>();

}  // namespace scorefield::data
