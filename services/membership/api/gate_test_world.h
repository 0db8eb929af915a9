// For tests of gates: what callers send, over the world of api_test_world.h.
#pragma once

#include "membership/api/api_test_world.h"
#include "membership/store/join_store.h"

namespace lanting::membership {

class GateTest : public ApiTest {
 protected:
  pb::CreateGateRequest GateRequest(const std::string& community, pb::GateKind kind) {
    pb::CreateGateRequest request;
    request.set_parent(community);
    request.mutable_gate()->set_display_name("雅集之门");
    request.mutable_gate()->set_kind(kind);
    return request;
  }
  Result<pb::Gate> AddGate(const pb::CreateGateRequest& request) {
    return gates_.CreateGate(Mine("CreateGate", request), request);
  }
  pb::Gate AddGate(const std::string& community, pb::GateKind kind) {
    auto gate = AddGate(GateRequest(community, kind));
    EXPECT_EQ(Reason(gate), "OK");
    return *gate;
  }
  pb::Gate AddKeyword(const std::string& community, const std::string& word = "曲水流觞", int attempts = 3) {
    auto request = GateRequest(community, pb::GATE_KIND_KEYWORD);
    request.mutable_gate()->set_keyword(word);
    request.mutable_gate()->set_max_attempts(attempts);
    auto gate = AddGate(request);
    EXPECT_EQ(Reason(gate), "OK");
    return *gate;
  }

  // A person of this WeCom id applying to a gate; the rest is set by the test.
  pb::SubmitApplicationRequest Form(const pb::Gate& gate, const std::string& user_id = "") {
    pb::SubmitApplicationRequest request;
    request.set_parent(gate.name().substr(0, gate.name().find("/gates/")));
    auto* a = request.mutable_application();
    a->set_gate(gate.name());
    a->set_display_name("谢道韫");
    a->set_accepted_rules_version(1);
    if (user_id.empty()) return request;
    auto* identity = a->add_identities();
    identity->set_channel(pb::CHANNEL_WECOM);
    identity->set_user_id(user_id);
    return request;
  }
  Result<pb::Application> Submit(const pb::SubmitApplicationRequest& request, const std::string& request_id = "") {
    return gates_.SubmitApplication(Mine("SubmitApplication", request, request_id), request);
  }
  Result<pb::Application> SayKeyword(const pb::Gate& gate, const std::string& user_id, const std::string& word) {
    auto request = Form(gate, user_id);
    request.mutable_application()->set_keyword(word);
    return Submit(request);
  }

  // A call of any unary handler with nothing but a name.
  template <typename Request, typename Reply>
  Result<Reply> Named(Result<Reply> (GateService::*method)(const rpc::Call&, const Request&), const std::string& name) {
    Request request;
    request.set_name(name);
    return (gates_.*method)(Mine(Request::descriptor()->name(), request), request);
  }
  Result<pb::Application> Approve(const std::string& name) { return Named(&GateService::ApproveApplication, name); }

  Result<Member> Join(JoinItem item) {
    std::optional<idempotency::Work> work;
    return pg::InTenantTx(
        pool_, tenant_, DeadlineIn(std::chrono::seconds(20)),
        [&](pg::Tx& tx) -> Result<Member> {
          auto joined = membership::Join(tx, work.emplace(), {Clock::System().Now(), ""}, {item});
          if (!joined.ok()) return std::move(joined).error();
          if (!joined->front().ok()) return std::move(joined->front()).error();
          work->Apply(tx);
          return std::move(joined->front());
        },
        [&](std::string_view constraint) { return work->ConflictError(constraint); });
  }
  JoinItem Person(const std::string& community, const std::string& external_id, const std::string& user_id = "") {
    JoinItem item{.community = IdOf(community), .member_id = Id::New()};
    item.person = {.external_id = external_id, .display_name = "谢安"};
    if (!user_id.empty()) item.person.identities = {{static_cast<Channel>(pb::CHANNEL_WECOM), user_id}};
    return item;
  }
  JoinItem By(const std::string& community, const std::string& code, const std::string& external_id = "",
              const std::string& user_id = "") {
    auto item = Person(community, external_id, user_id);
    item.source = JoinSource::kInviteLink;
    item.invite_code = code;
    item.rules_required = true;
    item.person.accepted_rules_version = 1;
    return item;
  }
  // The last id of a name.
  static Id IdOf(const std::string& name) { return *Id::Parse(name.substr(name.rfind('/') + 1)); }
  std::string One(const std::string& sql) { return db_.Query("SET search_path = membership; " + sql); }
};

}  // namespace lanting::membership
