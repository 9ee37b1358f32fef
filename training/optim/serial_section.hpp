#pragma once

#include <ATen/Parallel.h>

namespace scorefield::optim {

/// While one lives, LibTorch's CPU operations called from this thread use one thread. Sums inside BLAS, LAPACK and
/// reductions depend on the number of threads; a resumed run must not. Weights are few: starting threads for them costs
/// more than it brings. Work on another device is not affected.
class SerialSection {
 public:
  SerialSection() : threads_(at::get_num_threads()) {
    if (threads_ > 1) at::set_num_threads(1);
  }
  ~SerialSection() {
    if (threads_ > 1) at::set_num_threads(threads_);
  }
  SerialSection(const SerialSection&) = delete;
  SerialSection& operator=(const SerialSection&) = delete;

 private:
  int threads_;
};

}  // namespace scorefield::optim
