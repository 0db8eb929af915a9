// What members of a community are to be called (R16): a template such as "{城市}-{昵称}-{行业}", or an expression.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/base/clock.h"
#include "platform/base/id.h"
#include "platform/base/pattern.h"
#include "platform/base/result.h"

namespace lanting::membership {

struct NamingPart {
  std::string key;                   // the placeholder
  std::vector<std::string> allowed;  // empty: anything
  friend bool operator==(const NamingPart&, const NamingPart&) = default;
};

struct NamingConvention {
  Id community;
  std::string template_text, expression;  // at most one of them; neither: no convention
  std::vector<NamingPart> parts;
  std::string example;
  std::int64_t version = 0;  // 0: never written
  std::optional<Time> update_time;

  bool IsSet() const { return !template_text.empty() || !expression.empty(); }
};

struct NamingFault {
  enum class Kind {
    kLookAlike,    // `found` stands where the template has `expected`: － for -
    kMissingPart,  // nothing stands for `part`
    kNotAllowed,   // `found` stands for it
    kMissingText,  // `expected` of the template is not there
    kExtraText,    // `found` (a text between parts) stands where `part` goes on
    kNoMatch,      // not as the expression wants
  };
  Kind kind{};
  std::string part, found, expected;
  friend bool operator==(const NamingFault&, const NamingFault&) = default;
};

// A convention ready to check names with, in time linear in the name.
class NameChecker {
 public:
  // INVALID_FIELDS below `field`: a template or an expression that cannot be used, both of them, parts that the
  // template does not have.
  static Result<NameChecker> Make(const NamingConvention& convention, const std::string& field = "namingConvention");

  // All that is wrong with a name; empty if it follows the convention, or there is none.
  std::vector<NamingFault> Check(std::string_view name) const;

 private:
  struct Slot {
    std::string key;
    std::vector<std::string> allowed;
    std::string then;  // the text after it; "" at the end
  };
  std::vector<NamingFault> CheckSlots(std::string_view name) const;
  void CheckPart(const Slot& slot, std::string_view value, std::vector<NamingFault>* faults) const;

  std::string prefix_;
  std::vector<Slot> slots_;
  std::optional<Pattern> pattern_;
};

// What is to be written: what NameChecker::Make refuses, and an example that is missing or does not follow it.
Result<void> CheckConvention(const NamingConvention& convention);

// For the operator, and to be sent to the member; Simplified Chinese unless the locale is "en".
std::string FaultText(const NamingFault& fault, const NamingConvention& convention, std::string_view locale);

}  // namespace lanting::membership
