#pragma once

#include <gtest/gtest.h>
#include <torch/cuda.h>
#include <torch/types.h>

#include <cstdlib>

namespace scorefield::test {

/// Tests on the device that SCOREFIELD_TEST_DEVICE names (scripts/test --device cuda); on the CPU without it.
class OnDevice : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const name = std::getenv("SCOREFIELD_TEST_DEVICE");
    device_ = torch::Device(name ? name : "cpu");
    if (device_.is_cuda() && !torch::cuda::is_available()) GTEST_SKIP() << "no CUDA device";
  }

  torch::Device device_{torch::kCPU};
};

}  // namespace scorefield::test
