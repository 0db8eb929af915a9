#include "membership/store/history.h"

#include "membership/store/columns.h"
#include "membership/store/sql_history.h"

namespace lanting::membership {

void AddHistory(pg::Tx& tx, const Id& community, const Id& member, HistoryKind kind,
                const std::map<std::string, std::string>& detail, const std::string& actor, Time at) {
  tx.Run(sql::kAddHistory, tx.tenant(), member, Id::New(at), community, static_cast<std::int32_t>(kind),
         columns::Json(detail), actor, at);
}

}  // namespace lanting::membership
