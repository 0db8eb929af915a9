// The four templates a community is opened from, in the two languages Lanting speaks. Each fixes, before the first
// member joins, what the advice asks to be fixed then: structure (R6), vision (R10-R14), rules (R15, R16), gate (R19),
// cadence (R105), mix (R87), cull (R49-R51), reward and penalty terms (R98).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "membership/domain/community.h"

namespace lanting::membership {

struct TemplateDefaults {
  Template id;
  Structure structure;
  std::string display_name, description, vision;
  std::string house_rules;  // text of version 1
  std::string question;     // what the first QUESTIONS gate asks
  Declarations declarations;
};

// All four in their order. Any locale but "en" gets Simplified Chinese.
const std::array<TemplateDefaults, 4>& Templates(std::string_view locale);
const TemplateDefaults& DefaultsOf(Template id, std::string_view locale);

}  // namespace lanting::membership
