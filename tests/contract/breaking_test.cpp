// The protos may grow but never break what was released: compared with protos/baseline.binpb, which `make
// proto-baseline` renews at a release. The rules are those of buf's FILE category that matter to wire, JSON and
// generated code.
#include <gtest/gtest.h>

#include <functional>

#include "google/api/annotations.pb.h"
#include "tests/contract/descriptors.h"

namespace lanting {
namespace {

using namespace google::protobuf;

using Problems = std::vector<std::string>;

void CompareMessage(const Descriptor* before, const Descriptor* now, Problems& problems) {
  for (int i = 0; i < before->field_count(); ++i) {
    const auto* old_field = before->field(i);
    const auto* field = now->FindFieldByNumber(old_field->number());
    if (field == nullptr) {
      if (!now->IsReservedNumber(old_field->number()) || !now->IsReservedName(old_field->name())) {
        problems.push_back(old_field->full_name() + " was removed without reserving its number and name");
      }
      continue;
    }
    if (field->name() != old_field->name()) problems.push_back(old_field->full_name() + " was renamed");
    if (field->type() != old_field->type() || field->label() != old_field->label()) {
      problems.push_back(old_field->full_name() + " changed its type");
    }
    auto type_name = [](const FieldDescriptor* f) {
      return f->message_type() ? f->message_type()->full_name() : f->enum_type() ? f->enum_type()->full_name() : "";
    };
    if (type_name(field) != type_name(old_field)) problems.push_back(old_field->full_name() + " changed its type");
    if ((field->real_containing_oneof() == nullptr) != (old_field->real_containing_oneof() == nullptr)) {
      problems.push_back(old_field->full_name() + " moved into or out of a oneof");
    }
  }
  for (int i = 0; i < before->nested_type_count(); ++i) {
    const auto* nested = now->FindNestedTypeByName(before->nested_type(i)->name());
    if (nested == nullptr) {
      problems.push_back(before->nested_type(i)->full_name() + " was removed");
    } else {
      CompareMessage(before->nested_type(i), nested, problems);
    }
  }
}

void CompareFile(const FileDescriptor* before, const DescriptorPool& pool, Problems& problems) {
  for (int i = 0; i < before->message_type_count(); ++i) {
    const auto* now = pool.FindMessageTypeByName(before->message_type(i)->full_name());
    if (now == nullptr) {
      problems.push_back(before->message_type(i)->full_name() + " was removed");
    } else {
      CompareMessage(before->message_type(i), now, problems);
    }
  }
  for (int i = 0; i < before->enum_type_count(); ++i) {
    const auto* old_enum = before->enum_type(i);
    const auto* now = pool.FindEnumTypeByName(old_enum->full_name());
    for (int v = 0; v < old_enum->value_count(); ++v) {
      const auto* value = now == nullptr ? nullptr : now->FindValueByNumber(old_enum->value(v)->number());
      if (value == nullptr || value->name() != old_enum->value(v)->name()) {
        problems.push_back(old_enum->value(v)->full_name() + " was removed or renamed");
      }
    }
  }
  for (int i = 0; i < before->service_count(); ++i) {
    for (int m = 0; m < before->service(i)->method_count(); ++m) {
      const auto* old_method = before->service(i)->method(m);
      const auto* now = pool.FindMethodByName(old_method->full_name());
      if (now == nullptr) {
        problems.push_back(old_method->full_name() + " was removed");
        continue;
      }
      if (now->input_type()->full_name() != old_method->input_type()->full_name() ||
          now->output_type()->full_name() != old_method->output_type()->full_name()) {
        problems.push_back(old_method->full_name() + " changed its messages");
      }
      MethodOptions old_options, options;
      old_options.ParseFromString(old_method->options().SerializeAsString());
      options.ParseFromString(now->options().SerializeAsString());
      if (old_options.GetExtension(google::api::http).SerializeAsString() !=
          options.GetExtension(google::api::http).SerializeAsString()) {
        problems.push_back(old_method->full_name() + " changed its http rule");
      }
    }
  }
}

Problems Compare(const FileDescriptorSet& before, const FileDescriptorSet& now) {
  DescriptorPool old_pool, pool;
  auto old_files = testing::OwnFiles(old_pool, before);
  testing::OwnFiles(pool, now);
  Problems problems;
  for (const auto* file : old_files) CompareFile(file, pool, problems);
  return problems;
}

TEST(BreakingTest, NothingReleasedIsBroken) {
  auto problems = Compare(testing::ReadDescriptorSet(LANTING_SOURCE_DIR "/protos/baseline.binpb"),
                          testing::ReadDescriptorSet(LANTING_DESCRIPTOR_SET));
  for (const auto& problem : problems) ADD_FAILURE() << problem;
}

TEST(BreakingTest, NoticesEveryKindOfBreak) {
  auto now = testing::ReadDescriptorSet(LANTING_DESCRIPTOR_SET);
  auto broken = [&](const std::function<void(FileDescriptorProto&)>& change) {
    auto changed = now;
    for (auto& file : *changed.mutable_file()) {
      if (file.name() == "lanting/membership/v1/member.proto") change(file);
    }
    return Compare(now, changed).size();
  };
  EXPECT_EQ(broken([](FileDescriptorProto&) {}), 0u);
  EXPECT_GT(broken([](FileDescriptorProto& f) { f.mutable_message_type(0)->mutable_field(1)->set_name("uid"); }), 0u);
  EXPECT_GT(broken([](FileDescriptorProto& f) { f.mutable_message_type(0)->mutable_field()->RemoveLast(); }), 0u);
  EXPECT_GT(broken([](FileDescriptorProto& f) {
              f.mutable_message_type(0)->mutable_field(1)->set_type(FieldDescriptorProto::TYPE_BYTES);
            }),
            0u);
  EXPECT_GT(
      broken([](FileDescriptorProto& f) { f.mutable_enum_type(0)->mutable_value(1)->set_name("MEMBER_STATE_IN"); }),
      0u);
}

}  // namespace
}  // namespace lanting
