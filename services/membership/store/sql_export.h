// Statements of exports: what columns the file needs.
#pragma once

#include "platform/pg/tx.h"

namespace lanting::membership::sql {

inline constexpr pg::Statement kChannelsInUse{
    "channels_in_use",
    "SELECT DISTINCT channel FROM member_identity WHERE tenant_id = $1 AND community_id = $2 ORDER BY channel"};

// At most $3.
inline constexpr pg::Statement kAttributesInUse{"attributes_in_use",
                                                "SELECT DISTINCT k.key COLLATE \"C\" AS key FROM member m CROSS JOIN "
                                                "LATERAL jsonb_object_keys(m.attributes) AS k (key)"
                                                " WHERE m.tenant_id = $1 AND m.community_id = $2 ORDER BY 1 LIMIT $3"};

}  // namespace lanting::membership::sql
