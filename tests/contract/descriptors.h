// The descriptor set that the build makes of protos/, with comments (build/<preset>/lanting.binpb).
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace lanting::testing {

inline google::protobuf::FileDescriptorSet ReadDescriptorSet(const std::string& path) {
  google::protobuf::FileDescriptorSet set;
  std::ifstream in(path, std::ios::binary);
  if (!in || !set.ParseFromIstream(&in)) throw std::runtime_error("no descriptor set at " + path);
  return set;
}

// Our own files (package lanting.*), in a pool that keeps comments. lanting.testing is for tests and not part of the
// API.
inline std::vector<const google::protobuf::FileDescriptor*> OwnFiles(google::protobuf::DescriptorPool& pool,
                                                                     const google::protobuf::FileDescriptorSet& set) {
  std::vector<const google::protobuf::FileDescriptor*> out;
  for (const auto& file : set.file()) {
    const auto* built = pool.BuildFile(file);
    if (built == nullptr) throw std::runtime_error("cannot build " + file.name());
    if (file.package().starts_with("lanting.") && !file.package().starts_with("lanting.testing")) out.push_back(built);
  }
  return out;
}

}  // namespace lanting::testing
