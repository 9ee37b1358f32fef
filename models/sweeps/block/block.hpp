// A block of threads as loops between barriers: what is written with it compiles for a GPU and, thread after thread,
// for the CPU, where the tests hold it against the kernels. No LibTorch here, no std:: templates.
#pragma once

#include <math.h>

#if defined(__CUDACC__)
#define SCOREFIELD_BLOCK __host__ __device__ __forceinline__
#else
#define SCOREFIELD_BLOCK inline
#endif

namespace scorefield::kernels {

/// One thread stands for all.
struct HostBlock {
  /// f(0) ... f(count - 1), in any order; then a barrier.
  template <class F>
  SCOREFIELD_BLOCK void each(int count, F&& f) {
    for (int i = 0; i < count; ++i) f(i);
  }
};

#if defined(__CUDACC__)
/// The threads of a CUDA block.
struct DeviceBlock {
  template <class F>
  __device__ __forceinline__ void each(int count, F&& f) {
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) f(i);
    __syncthreads();
  }
};
#endif

/// Points that go through the sweeps together, and the stride of a row of them: rows begin in different banks of shared
/// memory, 16 bytes apart.
constexpr int kBlockPoints = 32, kBlockStride = kBlockPoints + 4;

/// Four numbers that are read at once.
template <class T>
struct alignas(4 * sizeof(T)) Four {
  T v[4];
};

template <class T>
SCOREFIELD_BLOCK Four<T> four(const T* at) {
  return *reinterpret_cast<const Four<T>*>(at);
}

SCOREFIELD_BLOCK float exponential(float x) { return expf(x); }
SCOREFIELD_BLOCK double exponential(double x) { return exp(x); }

/// silu(y) = y sigma(y) with its derivatives; what is not used is not computed.
template <class T>
struct BlockSilu {
  T y, sigma;

  SCOREFIELD_BLOCK explicit BlockSilu(T at) : y(at), sigma(1 / (1 + exponential(-at))) {}
  [[nodiscard]] SCOREFIELD_BLOCK T value() const { return y * sigma; }
  [[nodiscard]] SCOREFIELD_BLOCK T first() const { return sigma + y * sigma * (1 - sigma); }
  [[nodiscard]] SCOREFIELD_BLOCK T second() const { return sigma * (1 - sigma) * (2 + y * (1 - 2 * sigma)); }
  [[nodiscard]] SCOREFIELD_BLOCK T third() const {
    const T m = sigma * (1 - sigma), slope = 1 - 2 * sigma;
    return m * (3 * slope + y * (slope * slope - 2 * m));
  }
};

}  // namespace scorefield::kernels
