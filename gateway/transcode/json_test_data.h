// Test data that is not part of the repository, from $LANTING_TEST_DATA.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace lanting::gateway {

// The path of `name` there; empty if it is not given.
inline std::filesystem::path TestData(const char* name) {
  const char* root = std::getenv("LANTING_TEST_DATA");
  if (root == nullptr || *root == '\0') return {};
  const auto path = std::filesystem::path(root) / name;
  return std::filesystem::exists(path) ? path : std::filesystem::path();
}

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace lanting::gateway
