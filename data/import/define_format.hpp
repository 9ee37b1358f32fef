#pragma once

#include <memory>

#include "data/import/format.hpp"

namespace scorefield::data {

/// A format's file ends with `template std::unique_ptr<ImportFormat> make_format<ItsClass>();`, which formats.cpp
/// refers to.
template <class Format>
std::unique_ptr<ImportFormat> make_format() {
  return std::make_unique<Format>();
}

}  // namespace scorefield::data
