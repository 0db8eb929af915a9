// DutyService: checklists of roles.
#pragma once

#include <google/protobuf/empty.pb.h>

#include "lanting/membership/v1/duty_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class DutyService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit DutyService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::Duty> CreateDuty(const rpc::Call& call, const v1::CreateDutyRequest& request);
  Result<v1::Duty> GetDuty(const rpc::Call& call, const v1::GetDutyRequest& request);
  Result<v1::ListDutiesResponse> ListDuties(const rpc::Call& call, const v1::ListDutiesRequest& request);
  Result<v1::Duty> UpdateDuty(const rpc::Call& call, const v1::UpdateDutyRequest& request);
  Result<google::protobuf::Empty> DeleteDuty(const rpc::Call& call, const v1::DeleteDutyRequest& request);
  Result<v1::ApplyTemplateDutiesResponse> ApplyTemplateDuties(const rpc::Call& call,
                                                              const v1::ApplyTemplateDutiesRequest& request);
  // --- checklist_calls.cpp ---
  Result<v1::ListDutyOccurrencesResponse> ListDutyOccurrences(const rpc::Call& call,
                                                              const v1::ListDutyOccurrencesRequest& request);
  Result<v1::DutyOccurrence> CompleteDuty(const rpc::Call& call, const v1::CompleteDutyRequest& request);
  Result<v1::DutyOccurrence> UndoCompletion(const rpc::Call& call, const v1::UndoCompletionRequest& request);
  Result<v1::ChecklistReport> GetChecklistReport(const rpc::Call& call, const v1::GetChecklistReportRequest& request);

  // Every RPC of lanting.membership.v1.DutyService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
