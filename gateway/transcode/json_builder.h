// Fills a message from the tokens of a JSON text, in their order; the rules of the proto3 JSON mapping are here. The
// grammar (balance, one value at the root, UTF-8, depth) is the parser's: what comes here is JSON.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "gateway/transcode/field_parse.h"
#include "gateway/transcode/json_reader.h"
#include "gateway/transcode/json_tape.h"
#include "gateway/transcode/ruler.h"
#include "gateway/transcode/shape.h"

namespace lanting::gateway {

class JsonBuilder {
 public:
  JsonBuilder(const JsonInput& input, std::vector<FieldViolation>* violations);

  // `at`: offset in the text, as near as it is known.
  void Object(std::size_t at);
  void List(std::size_t at);
  void End();
  void Key(std::string_view name, std::size_t at);
  void Put(Scalar value, std::size_t at);
  void Null(std::size_t at);

 private:
  // An object or list that is being read.
  struct Frame {
    enum Kind { kRoot, kMessage, kList, kMap, kStruct, kListValue, kAny, kSkip } kind = kSkip;
    google::protobuf::Message* message = nullptr;  // what is filled; of kList and kMap the owner of `field`
    const MessageShape* shape = nullptr;           // of `message`: kRoot, kMessage
    const FieldShape* field = nullptr;       // kMessage: of the current name, nullptr if unknown; kList, kMap: the list
    const FieldShape* last = nullptr;        // kMessage: the last that was known
    int index = -1;                          // kList, kListValue: of the current element
    bool masked = false;                     // kRoot, kMessage: part of the update mask, under `mask_prefix`
    std::string key{};                       // kMap, kStruct, kAny: the current name
    std::vector<bool> seen{};                // kMessage: by the field's place
    std::unordered_set<std::string> keys{};  // kMap, kStruct
    std::string mask_prefix{};               // "member." or ""
  };

  Frame& top() { return frames_[depth_ - 1]; }
  Frame& Push(Frame::Kind kind, google::protobuf::Message* message = nullptr);
  void Pop() { --depth_; }

  void MessageKey(Frame& frame, std::string_view name);
  void MapKey(Frame& frame, std::string_view name);
  void Next();
  bool OneofTaken(const Frame& frame);
  void Mask();
  google::protobuf::Message* Entry(Frame& frame);
  google::protobuf::Message* Element();
  const MessageShape& ShapeOfElement(const Frame& frame, const google::protobuf::Message& element) const;
  void Skip() { Push(Frame::kSkip); }
  void SkipBecause(const char* reason, std::string description);
  void Begin(bool object);
  void BeginMessage(google::protobuf::Message* message, const MessageShape& shape, bool object);
  bool TooDeep() const;
  void PutInto(Frame& frame, Scalar value);

  // Any, in json_builder_any.cpp. [from, to) are the tokens inside its object.
  void PlayAny(std::size_t from, std::size_t to);
  const google::protobuf::Message* AnyType(std::size_t from, std::size_t to, std::string_view* url);
  void PlayFields(google::protobuf::Message* message, std::size_t from, std::size_t to);
  void PlayValue(google::protobuf::Message* message, std::size_t from, std::size_t to);
  void Play(std::size_t from, std::size_t to);

  void Violate(const char* reason, std::string description, std::string_view unknown = {});
  std::string Path(std::string_view unknown) const;

  const JsonInput input_;
  std::vector<FieldViolation>* violations_;
  Ruler ruler_{input_.text};
  std::vector<Frame> frames_;  // the first depth_ are in use, the others wait with their memory
  std::size_t depth_ = 0;
  std::size_t at_ = 0;  // of the last token
  bool skip_ = false;   // the current name of a map or struct is at fault
  JsonTape tape_;
};

}  // namespace lanting::gateway
