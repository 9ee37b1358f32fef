#pragma once

#include <memory>

#include "training/losses/loss.hpp"

namespace scorefield::training {

/// A loss's file ends with `template std::unique_ptr<Loss> make_loss<ItsClass>();`, which registry.cpp refers to.
template <class L>
std::unique_ptr<Loss> make_loss() {
  return std::make_unique<L>();
}

}  // namespace scorefield::training
