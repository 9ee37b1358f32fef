#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace scorefield::test {

/// Expects `action` to throw an `Exception` whose message holds every one of `words`; returns the message.
template <class Exception, class Action>
std::string expect_error(Action&& action, const std::vector<std::string>& words) {
  try {
    action();
  } catch (const Exception& error) {
    const std::string message = error.what();
    for (const auto& word : words) EXPECT_THAT(message, ::testing::HasSubstr(word));
    return message;
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another kind of exception: " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace scorefield::test
