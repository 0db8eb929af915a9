#include "gateway/transcode/json_reader.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <functional>

#include "gateway/transcode/json_builder.h"
#include "gateway/transcode/ruler.h"

namespace lanting::gateway {
namespace {

namespace json = boost::json;

// The handler of Boost.JSON's push parser: hands whole tokens to the builder.
class Handler {
 public:
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  Handler(const JsonInput& input, std::vector<FieldViolation>* violations)
      : text_(input.text), builder_(input, violations) {}

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return builder_.Object(at_), true; }
  bool on_array_begin(json::error_code&) { return builder_.List(at_), true; }
  bool on_object_end(std::size_t, json::error_code&) { return builder_.End(), true; }
  bool on_array_end(std::size_t, json::error_code&) { return builder_.End(), true; }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) { return Part(s); }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) { return Part(s); }
  bool on_number_part(json::string_view s, json::error_code&) { return Part(s); }
  bool on_string(json::string_view s, std::size_t, json::error_code&) { return Put(Origin::kJsonString, s); }
  bool on_int64(std::int64_t, json::string_view s, json::error_code&) { return Put(Origin::kJsonNumber, s); }
  bool on_uint64(std::uint64_t, json::string_view s, json::error_code&) { return Put(Origin::kJsonNumber, s); }
  bool on_double(double, json::string_view s, json::error_code&) { return Put(Origin::kJsonNumber, s); }
  bool on_bool(bool b, json::error_code&) { return builder_.Put({Origin::kJsonBool, b ? "true" : "false"}, at_), true; }
  bool on_null(json::error_code&) { return builder_.Null(at_), true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  bool on_key(json::string_view s, std::size_t, json::error_code&) {
    const std::string_view name = Whole(s);  // first: it sets at_
    builder_.Key(name, at_);
    part_.clear();
    return true;
  }

 private:
  bool Part(std::string_view s) {
    part_.append(s);
    return true;
  }

  bool Put(Origin origin, std::string_view last) {
    const std::string_view text = Whole(last);
    builder_.Put({origin, text}, at_);
    part_.clear();
    return true;
  }

  // The whole token; notes where it stands if it lies unescaped in the text.
  std::string_view Whole(std::string_view last) {
    const std::less_equal<const char*> le;
    if (le(text_.data(), last.data()) && le(last.data(), text_.data() + text_.size())) at_ = last.data() - text_.data();
    if (part_.empty()) return last;
    part_.append(last);
    return part_;
  }

  const std::string_view text_;
  JsonBuilder builder_;
  std::string part_;    // the beginning of a token that comes in pieces
  std::size_t at_ = 0;  // offset of the last token
};

Error Malformed(std::string_view text, std::size_t offset, std::string what) {
  Ruler ruler(text);
  ruler.MoveTo(offset);
  const std::string line = ruler.line(), column = ruler.column();
  return {.code = Code::kInvalidArgument,
          .reason = "MALFORMED_JSON",
          .message = "The body is not valid JSON: " + what + " at line " + line + ", column " + column + ".",
          .metadata = {{"line", line}, {"column", column}}};
}

}  // namespace

std::optional<Error> ReadJson(const JsonInput& input, std::vector<FieldViolation>* violations) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<Handler> parser(options, input, violations);
  json::error_code ec;
  const std::size_t read = parser.write_some(false, input.text.data(), input.text.size(), ec);
  if (ec) return Malformed(input.text, read, ec.message());
  if (read < input.text.size()) return Malformed(input.text, read, "text after the end of the value");
  if (input.mask != nullptr) std::sort(input.mask->begin(), input.mask->end());
  return std::nullopt;
}

}  // namespace lanting::gateway
