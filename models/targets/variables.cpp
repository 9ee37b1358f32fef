#include "models/targets/variables.hpp"

#include <torch/utils.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/error.hpp"
#include "core/text.hpp"

namespace scorefield::targets {
namespace {

bool is_index(const std::string& word) {
  return !word.empty() && word.size() < 10 &&
         std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "w[2,1]" is "w" and {2, 1}; a name of another form is itself, without indices.
std::pair<std::string, std::vector<std::int64_t>> taken_apart(const std::string& name) {
  const auto open = name.find('[');
  if (open == std::string::npos || !name.ends_with(']')) return {name, {}};
  std::vector<std::int64_t> indices;
  for (const auto& word : comma_separated(name.substr(open + 1, name.size() - open - 2))) {
    if (!is_index(word) || std::stoll(word) < 1) return {name, {}};
    indices.push_back(std::stoll(word));
  }
  return {name.substr(0, open), indices};
}

/// The columns of one variable.
struct Columns {
  std::string name;
  std::vector<std::int64_t> columns;
  std::vector<std::vector<std::int64_t>> indices;

  [[nodiscard]] std::vector<std::int64_t> shape() const {
    std::vector<std::int64_t> shape(indices.front().size(), 1);
    for (const auto& index : indices)
      for (std::size_t axis = 0; axis < shape.size(); ++axis) shape[axis] = std::max(shape[axis], index[axis]);
    return shape;
  }
  /// Where each column lies in the row-major array.
  [[nodiscard]] std::vector<std::int64_t> places(const std::vector<std::int64_t>& shape) const {
    std::vector<std::int64_t> all;
    for (const auto& index : indices) {
      std::int64_t place = 0;
      for (std::size_t axis = 0; axis < shape.size(); ++axis) place = place * shape[axis] + index[axis] - 1;
      all.push_back(place);
    }
    return all;
  }
};

std::vector<Columns> grouped(const std::vector<std::string>& names) {
  std::vector<Columns> groups;
  std::map<std::pair<std::string, std::size_t>, std::size_t> known;  // a name with so many indices -> its group
  for (std::size_t j = 0; j < names.size(); ++j) {
    auto [name, indices] = taken_apart(names[j]);
    const auto [at, fresh] = known.try_emplace({name, indices.size()}, groups.size());
    if (fresh) groups.push_back({name, {}, {}});
    groups[at->second].columns.push_back(static_cast<std::int64_t>(j));
    groups[at->second].indices.push_back(std::move(indices));
  }
  return groups;
}

constexpr std::int64_t kMostElements = 1'000'000;

/// The parts between commas that stand in no bracket.
std::vector<std::string> declarations(const std::string& text) {
  std::vector<std::string> parts;
  int depth = 0;
  for (std::size_t at = 0, begin = 0; at <= text.size(); ++at) {
    if (at < text.size()) depth += (text[at] == '[') - (text[at] == ']');
    if (at < text.size() && (text[at] != ',' || depth > 0)) continue;
    if (const auto part = trimmed(text.substr(begin, at - begin)); !part.empty() || at < text.size())
      parts.push_back(part);
    begin = at + 1;
  }
  return parts;
}

/// The indices of the k-th element, row-major: "[2,3]".
std::string bracket(const std::vector<std::int64_t>& shape, std::int64_t k) {
  std::string text;
  for (auto axis = shape.rbegin(); axis != shape.rend(); k /= *axis++)
    text = std::to_string(k % *axis + 1) + (text.empty() ? "" : ",") + text;
  return "[" + text + "]";
}

/// Whether an array of this shape has so many elements.
bool fills(const std::vector<std::int64_t>& shape, std::int64_t elements) {
  for (const auto length : shape) {
    if (elements % length != 0) return false;
    elements /= length;
  }
  return elements == 1;
}

}  // namespace

std::string bracketed_name(const std::string& dotted) {
  std::string name, indices;
  for (std::size_t at = 0; at <= dotted.size();) {
    const auto end = std::min(dotted.find('.', at), dotted.size());
    const auto word = dotted.substr(at, end - at);
    if (is_index(word) && !name.empty()) indices += (indices.empty() ? "" : ",") + word;
    else name += (name.empty() ? "" : ".") + word;
    at = end + 1;
  }
  return indices.empty() ? name : name + "[" + indices + "]";
}

std::vector<std::string> element_names(const std::string& variables) {
  std::vector<std::string> names, seen;
  for (const auto& declared : declarations(variables)) {
    const auto [name, shape] = taken_apart(declared);
    std::int64_t size = 1;
    for (const auto length : shape) size *= std::min<std::int64_t>(length, kMostElements);
    if (name.empty() || name.find_first_of("[]/.* ") != std::string::npos || size > kMostElements ||
        std::find(seen.begin(), seen.end(), name) != seen.end())
      throw UsageError("variables '" + variables + "': '" + declared +
                       "' is no new name with a shape, as in \"mu, theta[8], w[2,3]\".");
    seen.push_back(name);
    for (std::int64_t k = 0; k < size; ++k) names.push_back(shape.empty() ? name : name + bracket(shape, k));
  }
  return names;
}

std::vector<Variable> arrange_variables(const std::vector<std::string>& names, const torch::Tensor& values,
                                        const std::string& role) {
  std::vector<Variable> variables;
  for (const auto& group : grouped(names)) {
    auto shape = group.shape();
    const auto columns = values.index_select(1, torch::tensor(group.columns)).contiguous();
    if (!fills(shape, columns.size(1)))
      throw UsageError("the elements of '" + group.name + "' do not fill an array: " + std::to_string(columns.size(1)) +
                       " names, indices up to " + comma_joined(shape) + ".");
    auto array = torch::empty_like(columns);
    array.index_copy_(1, torch::tensor(group.places(shape)), columns);
    shape.insert(shape.begin(), values.size(0));
    variables.push_back({group.name, role, array.view(shape)});
  }
  return variables;
}

}  // namespace scorefield::targets
