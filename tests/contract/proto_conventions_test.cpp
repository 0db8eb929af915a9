// What every proto keeps (api rules: AIP-121 to AIP-216 and our own), walked over the descriptors.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <functional>
#include <regex>
#include <set>

#include "google/api/annotations.pb.h"
#include "lanting/common/v1/options.pb.h"
#include "tests/contract/descriptors.h"

namespace lanting {
namespace {

using namespace google::protobuf;

class ProtoConventionsTest : public ::testing::Test {
 protected:
  ProtoConventionsTest() : files_(testing::OwnFiles(pool_, testing::ReadDescriptorSet(LANTING_DESCRIPTOR_SET))) {}

  void ForEachService(const std::function<void(const ServiceDescriptor*)>& check) {
    for (const auto* file : files_) {
      for (int i = 0; i < file->service_count(); ++i) check(file->service(i));
    }
  }
  void ForEachMethod(const std::function<void(const MethodDescriptor*)>& check) {
    ForEachService([&](const ServiceDescriptor* s) {
      for (int i = 0; i < s->method_count(); ++i) check(s->method(i));
    });
  }
  void ForEachMessage(const std::function<void(const Descriptor*)>& check) {
    std::function<void(const Descriptor*)> walk = [&](const Descriptor* m) {
      if (m->options().map_entry()) return;
      check(m);
      for (int i = 0; i < m->nested_type_count(); ++i) walk(m->nested_type(i));
    };
    for (const auto* file : files_) {
      for (int i = 0; i < file->message_type_count(); ++i) walk(file->message_type(i));
    }
  }
  // Options of the pool's own types are dynamic: read them through the generated type.
  template <typename Options>
  static Options Generated(const Options& options) {
    Options out;
    out.ParseFromString(options.SerializeAsString());
    return out;
  }
  static google::api::HttpRule Http(const MethodDescriptor* m) {
    return Generated(m->options()).GetExtension(google::api::http);
  }
  static bool Internal(const MethodDescriptor* m) { return Generated(m->options()).GetExtension(common::v1::internal); }
  static bool IsWrite(const MethodDescriptor* m) { return Generated(m->options()).GetExtension(common::v1::write); }
  static bool HasComment(const auto* descriptor) {
    SourceLocation location;
    return descriptor->GetSourceLocation(&location) &&
           !(location.leading_comments.empty() && location.trailing_comments.empty());
  }

  DescriptorPool pool_;
  std::vector<const FileDescriptor*> files_;
};

TEST_F(ProtoConventionsTest, PackagesFollowTheirFolders) {
  ASSERT_GE(files_.size(), 10u);
  for (const auto* file : files_) {
    std::string folder = file->package();
    for (char& c : folder) c = c == '.' ? '/' : c;
    EXPECT_TRUE(file->name().starts_with(folder + "/")) << file->name();
    EXPECT_TRUE(std::regex_search(file->package(), std::regex("^lanting\\.[a-z]+\\.v[0-9]+$"))) << file->package();
  }
}

TEST_F(ProtoConventionsTest, ServicesAndMessagesOfAnRpcAreNamedAlike) {
  ForEachService([](const ServiceDescriptor* s) {
    EXPECT_TRUE(s->name().ends_with("Service")) << s->full_name();
    EXPECT_TRUE(HasComment(s)) << s->full_name() << " says nothing about itself";
  });
  ForEachMethod([](const MethodDescriptor* m) {
    EXPECT_EQ(m->input_type()->name(), m->name() + "Request") << m->full_name();
    EXPECT_FALSE(m->client_streaming()) << m->full_name();
  });
}

TEST_F(ProtoConventionsTest, EveryRpcDeclaresItsScopeAndItsPath) {
  std::set<std::string> routes;
  ForEachMethod([&](const MethodDescriptor* m) {
    auto scope = Generated(m->options()).GetExtension(common::v1::required_scope);
    EXPECT_TRUE(std::regex_match(scope, std::regex("public|[a-z]+\\.[a-z]+"))) << m->full_name() << ": " << scope;
    auto http = Http(m);
    if (Internal(m)) {
      EXPECT_EQ(http.pattern_case(), google::api::HttpRule::PATTERN_NOT_SET) << m->full_name();
      return;
    }
    ASSERT_NE(http.pattern_case(), google::api::HttpRule::PATTERN_NOT_SET) << m->full_name() << " has no http rule";
    EXPECT_NE(http.pattern_case(), google::api::HttpRule::kPut) << m->full_name();
    EXPECT_NE(http.pattern_case(), google::api::HttpRule::kCustom) << m->full_name();
    const bool bodiless =
        http.pattern_case() == google::api::HttpRule::kGet || http.pattern_case() == google::api::HttpRule::kDelete;
    EXPECT_EQ(http.body().empty(), bodiless) << m->full_name();
    auto path = http.get() + http.post() + http.patch() + http.delete_();
    EXPECT_TRUE(path.starts_with("/v1/")) << m->full_name() << ": " << path;
    auto route = std::to_string(http.pattern_case()) + path;
    EXPECT_TRUE(routes.insert(route).second) << m->full_name() << ": " << path << " is taken";
  });
}

TEST_F(ProtoConventionsTest, EveryWriteCanBeRetriedAndNoReadTakesARequestId) {
  ForEachMethod([](const MethodDescriptor* m) {
    const bool reads = m->name().starts_with("Get") || m->name().starts_with("List") ||
                       m->name().starts_with("Introspect") || m->name().starts_with("Export") ||
                       m->name().starts_with("Preview");
    EXPECT_EQ(IsWrite(m), !reads) << m->full_name();
    EXPECT_EQ(m->input_type()->FindFieldByName("request_id") != nullptr, IsWrite(m)) << m->full_name();
  });
}

TEST_F(ProtoConventionsTest, ListsHavePages) {
  ForEachMethod([](const MethodDescriptor* m) {
    if (!m->name().starts_with("List") || m->name() == "ListCommunityTemplates") return;
    for (auto name : {"page_size", "page_token"}) {
      EXPECT_NE(m->input_type()->FindFieldByName(name), nullptr) << m->full_name() << " lacks " << name;
    }
    EXPECT_NE(m->output_type()->FindFieldByName("next_page_token"), nullptr) << m->full_name();
    EXPECT_TRUE(m->output_type()->field(0)->is_repeated()) << m->full_name();
  });
}

TEST_F(ProtoConventionsTest, NamesOfResourcesDeclareTheirPattern) {
  ForEachMethod([](const MethodDescriptor* m) {
    for (auto name : {"name", "parent"}) {
      const auto* field = m->input_type()->FindFieldByName(name);
      if (field == nullptr) continue;
      auto rules = Generated(field->options()).GetExtension(common::v1::rules);
      EXPECT_FALSE(rules.resource().empty()) << field->full_name();
      EXPECT_TRUE(rules.required()) << field->full_name();
    }
  });
  ForEachMessage([](const Descriptor* message) {
    const auto* state = message->FindFieldByName("state");
    if (state == nullptr) return;
    EXPECT_TRUE(Generated(state->options()).GetExtension(common::v1::rules).output_only())
        << state->full_name() << ": states change by custom verbs (AIP-216)";
  });
}

TEST_F(ProtoConventionsTest, NamesAndTypesOfFields) {
  ForEachMessage([](const Descriptor* message) {
    for (int i = 0; i < message->field_count(); ++i) {
      const auto* f = message->field(i);
      EXPECT_TRUE(std::regex_match(f->name(), std::regex("[a-z][a-z0-9]*(_[a-z0-9]+)*"))) << f->full_name();
      if (f->message_type() != nullptr && f->message_type()->full_name() == "google.protobuf.Timestamp") {
        EXPECT_TRUE(f->name().ends_with("_time")) << f->full_name() << " (AIP-142)";
      }
    }
  });
}

TEST_F(ProtoConventionsTest, EnumsStartUnspecifiedAndCarryTheirPrefix) {
  for (const auto* file : files_) {
    for (int i = 0; i < file->enum_type_count(); ++i) {
      const auto* e = file->enum_type(i);
      std::string prefix = std::regex_replace(e->name(), std::regex("([a-z0-9])([A-Z])"), "$1_$2");
      for (char& c : prefix) c = static_cast<char>(std::toupper(c));
      EXPECT_EQ(e->value(0)->name(), prefix + "_UNSPECIFIED") << e->full_name();
      for (int v = 0; v < e->value_count(); ++v) {
        EXPECT_TRUE(e->value(v)->name().starts_with(prefix + "_")) << e->value(v)->full_name();
      }
    }
  }
}

// A field whose name says everything (name, parent, display_name, create_time ...) may go without a comment.
TEST_F(ProtoConventionsTest, EveryMessageWithRulesOfItsOwnIsDocumented) {
  ForEachMessage([](const Descriptor* message) {
    const auto& name = message->name();
    if (name.ends_with("Request") || name.ends_with("Response")) return;
    EXPECT_TRUE(HasComment(message)) << message->full_name();
  });
}

TEST_F(ProtoConventionsTest, PersonalDataIsNeverInAnEvent) {
  for (const auto* file : files_) {
    if (!file->name().ends_with("/events.proto")) continue;
    for (int i = 0; i < file->message_type_count(); ++i) {
      std::set<const Descriptor*> seen;
      std::function<void(const Descriptor*)> walk = [&](const Descriptor* m) {
        if (!seen.insert(m).second) return;
        for (int f = 0; f < m->field_count(); ++f) {
          EXPECT_FALSE(Generated(m->field(f)->options()).GetExtension(common::v1::rules).pii())
              << m->field(f)->full_name() << " in " << file->message_type(i)->full_name();
          if (m->field(f)->message_type() != nullptr) walk(m->field(f)->message_type());
        }
      };
      walk(file->message_type(i));
    }
  }
}

}  // namespace
}  // namespace lanting
