// The handlers of GateService for applications.
#include <algorithm>

#include "membership/api/cause.h"
#include "membership/api/community_must_exist.h"
#include "membership/api/convert.h"
#include "membership/api/gate_service.h"
#include "membership/domain/errors.h"
#include "membership/domain/names.h"
#include "membership/events/publish.h"
#include "membership/events/publish_gate.h"
#include "membership/store/application_store.h"
#include "membership/store/community_store.h"
#include "membership/store/join_store.h"
#include "membership/store/sql_application.h"
#include "platform/idempotency/write.h"
#include "platform/resource/page.h"

namespace lanting::membership {
namespace {

namespace pb = v1;
namespace store = application_store;
using idempotency::Work;
using store::Pending;

const resource::ListSpec& ApplicationList() {
  using paging::Type;
  static const resource::ListSpec spec{
      .select = sql::kListApplications,
      .id_column = "a.id",
      .filters = {{"state", "a.state", Type::kEnum, paging::EnumValues(pb::ApplicationState_descriptor())},
                  {.name = "gate", .column = "a.gate_id", .type = Type::kId, .resource = "communities/*/gates/*"},
                  {"display_name", "a.display_name", Type::kString},
                  {"external_id", "a.external_id", Type::kString},
                  {"payment_reference", "a.payment_reference", Type::kString},
                  {"create_time", "a.create_time", Type::kTime}}};
  return spec;
}

// What staff think of the applicant is for those who decide.
pb::Application Shown(const rpc::Call& call, const Application& application) {
  auto shown = convert::ToProto(application);
  if (!call.principal.Has("gates.write")) shown.clear_values_fit();
  return shown;
}

JoinItem ToJoin(const rpc::Call& call, const Application& application, const Id& group) {
  return {.community = application.community,
          .person = ToPerson(application),
          .source = JoinSource::kApplication,
          .group = group,
          .member_id = Id::New(call.now)};
}

std::optional<int> ValuesFit(const auto& request) {
  return request.has_values_fit() ? std::optional(request.values_fit()) : std::nullopt;
}

// A QUIZ or KEYWORD is answered: counts the attempt if it is wrong, and then `application` is rejected.
Result<void> Judge(pg::Tx& tx, const rpc::Call& call, const ApplicationView& view, const std::string& keyword,
                   Application& application) {
  const auto& gate = *view.gate;
  const auto attempts = store::GetAttempts(tx, application);
  RETURN_IF_ERROR(CheckAttempts(gate, attempts, call.now));
  const int made = CountingAttempts(gate, attempts, call.now) + 1;
  JudgeAnswer(gate, keyword, view.locale, made, call.now, application);
  if (application.state == ApplicationState::kRejected) {
    store::CountAttempt(tx, application, gate, made, call.now);
  } else {
    store::ForgetAttempts(tx, application);
  }
  return {};
}

// The gate decides. The caller holds the lock of the community since before it read `view`, so that attempts at once
// are counted one after the other.
Result<void> DecideAtOnce(pg::Tx& tx, Work& work, const rpc::Call& call, const ApplicationView& view,
                          const std::string& keyword, Application& application) {
  const auto& gate = *view.gate;
  work.Publish(events::ApplicationSubmitted(application, CauseOf(call)));
  if (CountsAttempts(gate.kind)) {
    RETURN_IF_ERROR(Judge(tx, call, view, keyword, application));
  } else {
    RETURN_IF_ERROR(CheckPrerequisite(*gate.prerequisite,
                                      store::GetStandings(tx, *gate.prerequisite, application.person), call.now));
  }
  if (application.state == ApplicationState::kRejected) {
    work.Publish(events::ApplicationRejected(application, CauseOf(call)));
  } else {
    ASSIGN_OR_RETURN(auto joined, Join(tx, work, CauseOf(call), {ToJoin(call, application, gate.group)}));
    if (!joined[0].ok()) return std::move(joined[0]).error();
    application.member = joined[0]->id;
    Decide(application, ApplicationState::kApproved, "", call.now);
    work.Publish(events::ApplicationApproved(application, CauseOf(call)));
  }
  store::InsertDecided(tx, application);
  return {};
}

}  // namespace

Result<pb::Application> GateService::SubmitApplication(const rpc::Call& call,
                                                       const pb::SubmitApplicationRequest& request) {
  const auto& form = request.application();
  const auto community = names::Parse(request.parent()).first;
  return idempotency::Write<pb::Application>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Application> {
    auto application = convert::FromProto(form);
    application.id = Id::New(call.now);
    application.community = community;
    application.create_time = call.now;
    auto view = store::GetView(tx, application);
    const bool at_once = view && view->gate && DecidesAtOnce(view->gate->kind);
    if (at_once && LockCommunity(tx, community)) view = store::GetView(tx, application);
    if (!view) return errors::CommunityNotFound(request.parent());
    if (names::Parse(form.gate()).first != community) return errors::GateNotFound(form.gate());
    RETURN_IF_ERROR(CheckSubmission(application, *view, form.gate()));
    if (at_once) {
      RETURN_IF_ERROR(DecideAtOnce(tx, work, call, *view, form.keyword(), application));
    } else {
      store::Submit(work, tx.tenant(), application);
      work.Publish(events::ApplicationSubmitted(application, CauseOf(call)));
    }
    return Shown(call, application);
  });
}

Result<pb::Application> GateService::GetApplication(const rpc::Call& call, const pb::GetApplicationRequest& request) {
  return pg::ReadTenant(pool_, call.tenant(), call.deadline, [&](pg::Tx& tx) -> Result<pb::Application> {
    auto name = names::Parse(request.name());
    auto application = store::Get(tx, name.first, name.second);
    if (!application) return errors::ApplicationNotFound(request.name());
    return Shown(call, *application);
  });
}

Result<pb::ListApplicationsResponse> GateService::ListApplications(const rpc::Call& call,
                                                                   const pb::ListApplicationsRequest& request) {
  const auto community = names::Parse(request.parent()).first;
  pb::ListApplicationsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(),
                   resource::ReadPage(
                       pool_, call, ApplicationList(),
                       {.parent = community,
                        .filter = request.filter(),
                        .page_size = request.page_size(),
                        .page_token = request.page_token()},
                       [&](const pqxx::row& row) { *response.add_applications() = Shown(call, store::Read(row)); },
                       CommunityMustExist(request.parent())));
  return response;
}

Result<pb::Application> GateService::ApproveApplication(const rpc::Call& call,
                                                        const pb::ApproveApplicationRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Application>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Application> {
    const bool found = LockCommunity(tx, name.first);
    auto pending = found ? store::Lock(tx, name.first, name.second) : std::nullopt;
    if (!pending) return errors::ApplicationNotFound(request.name());
    auto& application = pending->application;
    RETURN_IF_ERROR(CheckApproval(application, pending->gate));
    application.values_fit = ValuesFit(request);
    ASSIGN_OR_RETURN(auto joined, Join(tx, work, CauseOf(call), {ToJoin(call, application, pending->group)}));
    if (!joined[0].ok()) return std::move(joined[0]).error();
    application.member = joined[0]->id;
    Decide(application, ApplicationState::kApproved, "", call.now);
    store::DecideNow(tx, application);
    work.Publish(events::ApplicationApproved(application, CauseOf(call)));
    return convert::ToProto(application);
  });
}

Result<pb::Application> GateService::RejectApplication(const rpc::Call& call,
                                                       const pb::RejectApplicationRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Application>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Application> {
    auto pending = store::Lock(tx, name.first, name.second);
    if (!pending) return errors::ApplicationNotFound(request.name());
    auto& application = pending->application;
    RETURN_IF_ERROR(CheckUndecided(application));
    application.values_fit = ValuesFit(request);
    Decide(application, ApplicationState::kRejected, request.reason(), call.now);
    store::Decide(work, tx.tenant(), application);
    work.Publish(events::ApplicationRejected(application, CauseOf(call)));
    return convert::ToProto(application);
  });
}

Result<pb::Application> GateService::ConfirmContact(const rpc::Call& call, const pb::ConfirmContactRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Application>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Application> {
    auto pending = store::Lock(tx, name.first, name.second);
    if (!pending) return errors::ApplicationNotFound(request.name());
    auto& application = pending->application;
    RETURN_IF_ERROR(CheckContact(application, pending->gate));
    if (application.state == ApplicationState::kContacted) return convert::ToProto(application);
    application.state = ApplicationState::kContacted;
    application.contact_time = call.now;
    ++application.version;
    store::ConfirmContact(work, tx.tenant(), application);
    work.Publish(events::ApplicationContacted(application, CauseOf(call)));
    return convert::ToProto(application);
  });
}

Result<pb::Application> GateService::WithdrawApplication(const rpc::Call& call,
                                                         const pb::WithdrawApplicationRequest& request) {
  const auto name = names::Parse(request.name());
  return idempotency::Write<pb::Application>(pool_, call, [&](pg::Tx& tx, Work& work) -> Result<pb::Application> {
    auto pending = store::Lock(tx, name.first, name.second);
    if (!pending) return errors::ApplicationNotFound(request.name());
    auto& application = pending->application;
    RETURN_IF_ERROR(CheckUndecided(application));
    Decide(application, ApplicationState::kWithdrawn, "", call.now);
    store::Decide(work, tx.tenant(), application);
    work.Publish(events::ApplicationWithdrawn(application, CauseOf(call)));
    return Shown(call, application);
  });
}

}  // namespace lanting::membership
