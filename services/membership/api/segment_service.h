// SegmentService: filters with a name, and who they find.
#pragma once

#include "google/protobuf/empty.pb.h"
#include "lanting/membership/v1/segment_service.pb.h"
#include "platform/pg/pool.h"
#include "platform/rpc/service.h"

namespace lanting::membership {

class SegmentService {
 public:
  // Must outlive the servers it is registered with, as must `pool`.
  explicit SegmentService(pg::Pool& pool) : pool_(pool) {}

  Result<v1::Segment> CreateSegment(const rpc::Call& call, const v1::CreateSegmentRequest& request);
  Result<v1::Segment> GetSegment(const rpc::Call& call, const v1::GetSegmentRequest& request);
  Result<v1::ListSegmentsResponse> ListSegments(const rpc::Call& call, const v1::ListSegmentsRequest& request);
  Result<v1::Segment> UpdateSegment(const rpc::Call& call, const v1::UpdateSegmentRequest& request);
  Result<google::protobuf::Empty> DeleteSegment(const rpc::Call& call, const v1::DeleteSegmentRequest& request);
  Result<v1::PreviewSegmentResponse> PreviewSegment(const rpc::Call& call, const v1::PreviewSegmentRequest& request);
  Result<v1::ListSegmentMembersResponse> ListSegmentMembers(const rpc::Call& call,
                                                            const v1::ListSegmentMembersRequest& request);
  Result<v1::EvaluateSegmentsResponse> EvaluateSegments(const rpc::Call& call,
                                                        const v1::EvaluateSegmentsRequest& request);

  // Every RPC of lanting.membership.v1.SegmentService.
  void Register(rpc::Service& service);

 private:
  pg::Pool& pool_;
};

}  // namespace lanting::membership
