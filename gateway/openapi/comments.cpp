#include "gateway/openapi/comments.h"

#include <string_view>

#include "gateway/openapi/embedded.h"
#include "platform/base/strings.h"

namespace lanting::gateway::openapi {
namespace {

namespace pb = google::protobuf;

// The end of a mark like "(R8, R9)" that begins at `at`, or `at` if there is none.
std::size_t EndOfMark(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "(R") return at;
  const auto close = text.find(')', at);
  if (close == std::string_view::npos) return at;
  for (std::string_view word : Split(text.substr(at + 1, close - at - 1), ',')) {
    word = Trim(word);
    if (word.size() < 2 || word[0] != 'R' || word.find_first_not_of("0123456789", 1) != std::string_view::npos)
      return at;
  }
  return close + 1;
}

std::string Plain(std::string_view text) {
  std::string out;
  bool code = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '`') code = !code;
    if (!code) {
      if (const auto end = EndOfMark(text, i); end != i) {
        if (out.ends_with(' ')) out.pop_back();
        i = end - 1;
        continue;
      }
      if (text[i] == '*' || text[i] == '<' || text[i] == '\\') out += '\\';
    }
    out += text[i];
  }
  return out;
}

// Lines of a paragraph become one; an empty line stays between paragraphs.
std::string Joined(std::string_view comment) {
  std::string out;
  bool paragraph = false;
  for (std::string_view line : Split(comment, '\n')) {
    line = Trim(line);
    if (line.empty()) {
      paragraph = !out.empty();
      continue;
    }
    if (!out.empty()) out += paragraph ? "\n\n" : " ";
    paragraph = false;
    out += line;
  }
  return out;
}

// The full name of what a location's path leads to; empty if that carries no comment of use. The numbers are those of
// the fields of descriptor.proto: a path is field, index, field, index ...
class NameOf {
 public:
  explicit NameOf(const pb::FileDescriptorProto& file) : file_(file) {}

  std::string operator()(const pb::SourceCodeInfo::Location& location) {
    path_ = &location.path();
    name_ = file_.package();
    if (path_->size() < 2 || path_->size() % 2 != 0) return {};
    const int kind = path_->Get(0), index = path_->Get(1);
    if (kind == pb::FileDescriptorProto::kMessageTypeFieldNumber) return Message(file_.message_type(index), 2);
    if (kind == pb::FileDescriptorProto::kEnumTypeFieldNumber) return Enum(file_.enum_type(index), 2);
    if (kind == pb::FileDescriptorProto::kServiceFieldNumber) return Service(file_.service(index));
    return {};
  }

 private:
  std::string Leaf(const std::string& name) { return name_ + '.' + name; }

  std::string Message(const pb::DescriptorProto& message, int at) {
    if (at == path_->size()) return Leaf(message.name());
    name_ += '.' + message.name();
    const int index = path_->Get(at + 1);
    switch (path_->Get(at)) {
      case pb::DescriptorProto::kNestedTypeFieldNumber:
        return Message(message.nested_type(index), at + 2);
      case pb::DescriptorProto::kEnumTypeFieldNumber:
        return Enum(message.enum_type(index), at + 2);
      case pb::DescriptorProto::kFieldFieldNumber:
        return at + 2 == path_->size() ? Leaf(message.field(index).name()) : std::string();
      case pb::DescriptorProto::kOneofDeclFieldNumber:
        return at + 2 == path_->size() ? Leaf(message.oneof_decl(index).name()) : std::string();
      default:
        return {};
    }
  }

  // Values are siblings of their enum.
  std::string Enum(const pb::EnumDescriptorProto& type, int at) {
    if (at == path_->size()) return Leaf(type.name());
    const bool value = at + 2 == path_->size() && path_->Get(at) == pb::EnumDescriptorProto::kValueFieldNumber;
    return value ? Leaf(type.value(path_->Get(at + 1)).name()) : std::string();
  }

  std::string Service(const pb::ServiceDescriptorProto& service) {
    if (path_->size() == 2) return Leaf(service.name());
    name_ += '.' + service.name();
    const bool method = path_->size() == 4 && path_->Get(2) == pb::ServiceDescriptorProto::kMethodFieldNumber;
    return method ? Leaf(service.method(path_->Get(3)).name()) : std::string();
  }

  const pb::FileDescriptorProto& file_;
  const pb::RepeatedField<int>* path_ = nullptr;
  std::string name_;
};

}  // namespace

Comments::Comments() {
  pb::FileDescriptorSet set;
  const std::string_view bytes = EmbeddedComments();
  set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  for (const auto& file : set.file()) Add(file);
}

Comments::Comments(const pb::FileDescriptorSet& set) {
  for (const auto& file : set.file()) Add(file);
}

void Comments::Add(const pb::FileDescriptorProto& file) {
  NameOf name_of(file);
  for (const auto& location : file.source_code_info().location()) {
    if (!location.has_leading_comments() && !location.has_trailing_comments()) continue;
    std::string name = name_of(location);
    if (name.empty()) continue;
    const std::string& text =
        location.has_leading_comments() ? location.leading_comments() : location.trailing_comments();
    by_name_.emplace(std::move(name), Plain(Joined(text)));
  }
}

const std::string& Comments::Of(const std::string& full_name) const {
  static const std::string none;
  const auto it = by_name_.find(full_name);
  return it == by_name_.end() ? none : it->second;
}

}  // namespace lanting::gateway::openapi
