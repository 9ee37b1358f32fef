#include <bit>

#include "core/error.hpp"
#include "core/text.hpp"
#include "data/import/array_source.hpp"
#include "data/import/define_format.hpp"

namespace scorefield::data {
namespace {

/// A dataset, or one field of a table.
class Hdf5Array : public ForeignArray {
 public:
  Hdf5Array(const h5::File& file, std::string name, std::string field = "")
      : file_(file), name_(std::move(name)), field_(std::move(field)) {
    dims_ = file.dims(name_);
    if (const auto fields = file.fields(name_); field_.empty() && !fields.empty())
      throw FileError(file.path(), "array '" + name_ + "' is a table of records (a compound type) with the fields " +
                                       comma_joined(fields) +
                                       ". Name those that are coordinates, as in --set import.samples=\"" +
                                       name_.substr(1) + "/" + fields.front() + "\".");
  }

  [[nodiscard]] std::vector<double> read(std::int64_t offset, std::int64_t count) const override {
    return numbers<double>(offset, count);
  }
  [[nodiscard]] std::vector<std::int64_t> read_integers(std::int64_t offset, std::int64_t count) const override {
    const std::string type = file_.element_type(name_);
    if (type.starts_with("float")) {
      const auto values = numbers<double>(offset, count);
      return {values.begin(), values.end()};
    }
    if (type != "uint64") return numbers<std::int64_t>(offset, count);
    std::vector<std::int64_t> integers;
    integers.reserve(static_cast<std::size_t>(count));
    for (const std::uint64_t value : numbers<std::uint64_t>(offset, count))
      integers.push_back(std::bit_cast<std::int64_t>(value));
    return integers;
  }

 private:
  template <class T>
  [[nodiscard]] std::vector<T> numbers(std::int64_t offset, std::int64_t count) const {
    if (!checked_) file_.require_complete(name_);
    checked_ = true;
    if (dims_.empty()) return file_.read<T>(name_);
    h5::Dims from(dims_.size(), 0), size(dims_.size(), 1);
    std::int64_t inside = 1;
    for (std::size_t axis = dims_.size(); axis-- > 0;) {
      const std::int64_t below = inside;
      inside *= dims_[axis];
      if (inside <= count) size[axis] = dims_[axis];
      else from[axis] = offset / below % dims_[axis];
    }
    if (!field_.empty()) return file_.read_field<T>(name_, field_, from, size);
    std::vector<T> values(static_cast<std::size_t>(count));
    file_.read_block<T>(name_, from, size, values);
    return values;
  }

  const h5::File& file_;
  std::string name_, field_;
  mutable bool checked_ = false;
};

/// Arrays by their paths; those without a slash at the start lie below the root. TABLE/FIELD is a field of a table.
class Hdf5File : public ArrayFile {
 public:
  explicit Hdf5File(const std::string& path) : file_(h5::File::open(path)) {}
  [[nodiscard]] bool has(const std::string& name) const override { return find(absolute(name)).has_value(); }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& child : file_.children("/"))
      if (file_.is_dataset("/" + child)) names.push_back(child);
    return names;
  }
  [[nodiscard]] std::vector<std::string> all_names() const override {
    std::vector<std::string> names;
    list("/", names);
    return names;
  }
  [[nodiscard]] std::vector<std::string> fields(const std::string& name) const override {
    std::vector<std::string> names;
    if (!file_.is_dataset(absolute(name))) return names;
    const auto fields = file_.fields(absolute(name));
    if (fields == std::vector<std::string>{"r", "i"}) return names;  // a complex number, as h5py writes it
    for (const auto& field : fields) names.push_back(name + "/" + field);
    return names;
  }
  [[nodiscard]] std::optional<std::vector<double>> attribute(const std::string& name) const override {
    const auto at = name.find('@');
    const std::string object = at == std::string::npos ? "/" : absolute(name.substr(0, at));
    const std::string attribute = at == std::string::npos ? name : name.substr(at + 1);
    if (!file_.has_attribute(object, attribute)) return std::nullopt;
    return file_.numbers_attribute(object, attribute);
  }
  [[nodiscard]] std::unique_ptr<ForeignArray> array(const std::string& name) const override {
    if (const auto found = find(absolute(name))) return std::make_unique<Hdf5Array>(file_, found->first, found->second);
    throw FileError(file_.path(), "has no array '" + name +
                                      "'; its root holds: " + (names().empty() ? "none" : comma_joined(names())) + ".");
  }

 private:
  static std::string absolute(const std::string& name) { return name.starts_with('/') ? name : "/" + name; }

  void list(const std::string& group, std::vector<std::string>& names) const {
    for (const auto& child : file_.children(group)) {
      const std::string path = (group == "/" ? "" : group) + "/" + child;
      if (file_.is_group(path)) list(path, names);
      if (!file_.is_dataset(path)) continue;
      names.push_back(path.substr(1));
      for (const auto& field : file_.fields(path)) names.push_back(path.substr(1) + "/" + field);
    }
  }

  /// Dataset and field.
  [[nodiscard]] std::optional<std::pair<std::string, std::string>> find(const std::string& name) const {
    if (file_.is_dataset(name)) return std::pair{name, std::string()};
    const auto slash = name.rfind('/');
    if (slash == 0 || !file_.is_dataset(name.substr(0, slash))) return std::nullopt;
    for (const auto& field : file_.fields(name.substr(0, slash)))
      if (field == name.substr(slash + 1)) return std::pair{name.substr(0, slash), field};
    return std::nullopt;
  }

  h5::File file_;
};

}  // namespace

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

template std::unique_ptr<ImportFormat> make_format<Hdf5Format>();

}  // namespace scorefield::data
