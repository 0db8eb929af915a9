#include "gateway/openapi/embedded.h"

// The assembler reads the file: no array of numbers for the compiler to chew on.
#define LANTING_EMBED(name, path)                     \
  extern "C" const char lanting_##name[];             \
  extern "C" const char lanting_##name##_end[];       \
  asm(".section .rodata\n"                            \
      ".global lanting_" #name "\nlanting_" #name     \
      ":\n"                                           \
      ".incbin \"" path                               \
      "\"\n"                                          \
      ".global lanting_" #name "_end\nlanting_" #name \
      "_end:\n"                                       \
      ".byte 0\n.previous\n")
LANTING_EMBED(comments, LANTING_COMMENTS_FILE);
LANTING_EMBED(page, LANTING_VIEWER_DIR "/index.html");
LANTING_EMBED(plain, LANTING_VIEWER_DIR "/plain.html");
LANTING_EMBED(script, LANTING_VIEWER_DIR "/init.js");

namespace lanting::gateway::openapi {

std::string_view EmbeddedComments() { return {lanting_comments, lanting_comments_end}; }
std::string_view EmbeddedPage() { return {lanting_page, lanting_page_end}; }
std::string_view EmbeddedPlain() { return {lanting_plain, lanting_plain_end}; }
std::string_view EmbeddedScript() { return {lanting_script, lanting_script_end}; }

}  // namespace lanting::gateway::openapi
