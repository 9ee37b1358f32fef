#pragma once

#include <ATen/Parallel.h>

namespace scorefield {

/// While one lives, LibTorch's CPU operations called from this thread use one thread, as our own parallel loops do.
/// Sums inside BLAS, LAPACK and reductions depend on the number of threads, on some processors already in a product of
/// [6, 18] by [18, 48]; results must not. For what is about weights: they are few, and starting threads for them costs
/// more than it brings. Work on another device is not affected.
class SerialSection {
 public:
  // Also where LibTorch is told of one thread: its BLAS may remember more from an earlier section.
  SerialSection() : threads_(at::get_num_threads()) { at::set_num_threads(1); }
  ~SerialSection() { at::set_num_threads(threads_); }
  SerialSection(const SerialSection&) = delete;
  SerialSection& operator=(const SerialSection&) = delete;

 private:
  int threads_;
};

}  // namespace scorefield
