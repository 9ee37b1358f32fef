#pragma once

#include <memory>

#include "training/fields/field.hpp"

namespace scorefield::training {

template <class F>
std::unique_ptr<Field> make_field() {
  return std::make_unique<F>();
}

}  // namespace scorefield::training
