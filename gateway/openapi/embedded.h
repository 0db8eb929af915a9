// Files that the build put into the program.
#pragma once

#include <string_view>

namespace lanting::gateway::openapi {

std::string_view EmbeddedComments();  // a serialised google.protobuf.FileDescriptorSet
std::string_view EmbeddedPage();      // viewer/index.html
std::string_view EmbeddedPlain();     // viewer/plain.html, for gateways without the viewer
std::string_view EmbeddedScript();    // viewer/init.js

}  // namespace lanting::gateway::openapi
