// A person's right to see what is kept of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "membership/domain/note.h"
#include "membership/domain/staff.h"
#include "membership/store/import_store.h"
#include "membership/store/merge_store.h"
#include "membership/store/person_data.h"

namespace lanting::membership::person_data {

struct Acceptance {
  int version = 0;
  Time accept_time;
};
struct HistoryLine {
  Id member;
  int kind = 0;
  std::map<std::string, std::string> detail;
  std::string actor;
  Time at;
};
struct ImportError {
  Id member_import;
  RowError error;
};
struct Reply {
  std::string method, text;
  Time create_time;
};

struct Everything {
  Scope scope;
  std::vector<Member> members;  // the one that stands for the person first
  std::vector<Acceptance> acceptances;
  std::vector<HistoryLine> history;
  std::vector<merge_store::MergeRecord> merges;
  std::vector<ImportError> import_errors;
  std::vector<Reply> replies;
  std::vector<MemberNote> notes;
  std::vector<Staff> staff;
  bool truncated = false;  // a list has kMaxListed
};

// MEMBER_NOT_FOUND.
Result<Everything> Export(pg::Tx& tx, const Id& community, const Id& member);

}  // namespace lanting::membership::person_data
