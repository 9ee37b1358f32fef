#include "core/error.hpp"
#include "core/text.hpp"
#include "data/import/array_source.hpp"

namespace scorefield::data {
namespace {

class Hdf5Array : public ForeignArray {
 public:
  Hdf5Array(const h5::File& file, std::string name) : file_(file), name_(std::move(name)) { dims_ = file.dims(name_); }

  [[nodiscard]] std::vector<float> read(std::int64_t offset, std::int64_t count) const override {
    h5::Dims from(dims_.size(), 0), size(dims_.size(), 1);
    std::int64_t inside = 1;
    for (std::size_t axis = dims_.size(); axis-- > 0;) {
      const std::int64_t below = inside;
      inside *= dims_[axis];
      if (inside <= count) size[axis] = dims_[axis];
      else from[axis] = offset / below % dims_[axis];
    }
    std::vector<float> values(static_cast<std::size_t>(count));
    file_.read_block<float>(name_, from, size, values);
    return values;
  }
  [[nodiscard]] std::vector<double> read_all() const override { return file_.read<double>(name_); }

 private:
  const h5::File& file_;
  std::string name_;
};

/// Arrays by their paths; those without a slash at the start lie below the root.
class Hdf5File : public ArrayFile {
 public:
  explicit Hdf5File(const std::string& path) : file_(h5::File::open(path)) {}
  [[nodiscard]] bool has(const std::string& name) const override {
    return file_.exists(absolute(name)) && file_.is_dataset(absolute(name));
  }
  [[nodiscard]] std::unique_ptr<ForeignArray> array(const std::string& name) const override {
    if (has(name)) return std::make_unique<Hdf5Array>(file_, absolute(name));
    std::vector<std::string> names;
    for (const auto& child : file_.children("/"))
      if (file_.is_dataset("/" + child)) names.push_back(child);
    throw FileError(file_.path(), "has no array '" + name +
                                      "'; its root holds: " + (names.empty() ? "none" : comma_joined(names)) + ".");
  }

 private:
  static std::string absolute(const std::string& name) { return name.starts_with('/') ? name : "/" + name; }
  h5::File file_;
};

class Hdf5Format : public ArrayFormat {
 public:
  [[nodiscard]] std::string name() const override { return "hdf5"; }
  [[nodiscard]] std::string summary() const override { return "named arrays of any HDF5 file, groups by their paths"; }
  /// Takes what nobody else wants and says what is wrong with it.
  [[nodiscard]] bool recognises(const std::string& /*path*/, const std::string& /*start*/) const override {
    return true;
  }

 protected:
  [[nodiscard]] std::unique_ptr<ArrayFile> open_file(const std::string& path) const override {
    return std::make_unique<Hdf5File>(path);
  }
};

}  // namespace

std::unique_ptr<ImportFormat> make_hdf5_format() { return std::make_unique<Hdf5Format>(); }

}  // namespace scorefield::data
