// Statements that find everything kept about a person, and that forget it. $1 is always the tenant.
#pragma once

#include <array>

#include "membership/store/sql_application.h"
#include "membership/store/sql_staff.h"
#include "platform/pg/tx.h"

namespace lanting::membership::sql {

// --- what is forgotten; a new table or column with personal data gets its line here ---

// Of the members $2 (uuid[]).
inline constexpr std::array kForgetMembers{
    pg::Statement{"forget_member_identity",
                  "DELETE FROM member_identity WHERE tenant_id = $1::uuid AND member_id = ANY ($2::uuid[])"},
    pg::Statement{"forget_member_tag",
                  "DELETE FROM member_tag WHERE tenant_id = $1::uuid AND member_id = ANY ($2::uuid[])"},
    pg::Statement{"forget_member_note",
                  "DELETE FROM member_note WHERE tenant_id = $1::uuid AND member_id = ANY ($2::uuid[])"},
    // What they did as staff stays done.
    pg::Statement{
        "forget_staff",
        "WITH s AS (UPDATE staff SET display_name = '-', contact_channel = 0, contact_user_id = '', grade = '',"
        "   end_time = coalesce(end_time, now()), version = version + 1 WHERE tenant_id = $1::uuid"
        "   AND member_id = ANY ($2::uuid[]) RETURNING id)"
        " UPDATE duty_completion SET note = '' WHERE tenant_id = $1::uuid AND staff_id IN (SELECT id FROM s)"},
    // Of a line of history only what can hold no personal data stays.
    pg::Statement{"forget_member_history",
                  "UPDATE member_history h SET detail = (SELECT coalesce(jsonb_object_agg(d.key, d.value), '{}')"
                  "   FROM jsonb_each(h.detail) d WHERE d.key IN ('from', 'to', 'group', 'until', 'declined', 'fields',"
                  "     'source', 'merge', 'step'))"
                  " WHERE h.tenant_id = $1::uuid AND h.member_id = ANY ($2::uuid[]) AND h.detail <> '{}'"},
    pg::Statement{
        "forget_member_merge",
        "UPDATE member_merge SET reason = '', snapshot = '', state = CASE WHEN state = 1 THEN 3 ELSE state END"
        " WHERE tenant_id = $1::uuid AND (target_id = ANY ($2::uuid[]) OR source_id = ANY ($2::uuid[]))"},
};

// Of the applications $2 (uuid[]).
inline constexpr std::array kForgetApplications{
    pg::Statement{"forget_application_identity",
                  "DELETE FROM application_identity WHERE tenant_id = $1::uuid AND application_id = ANY ($2::uuid[])"},
};

// Of the identities by channel $3 (int[]) and user id $4 (text[]) in the community $2.
inline constexpr pg::Statement kForgetGateAttempts{
    "forget_gate_attempt",
    "DELETE FROM gate_attempt a USING unnest($3::int[], $4::text[]) AS i (channel, user_id)"
    " WHERE a.tenant_id = $1::uuid AND a.community_id = $2::uuid AND a.channel = i.channel AND a.user_id = i.user_id"};
// Files of a community ($2) that wait to be imported: the person may stand in any of them, in any encoding.
inline constexpr pg::Statement kForgetUploads{
    "forget_member_upload",
    "WITH u AS (SELECT id FROM member_upload WHERE tenant_id = $1::uuid AND community_id = $2::uuid),"
    " p AS (DELETE FROM member_upload_part WHERE tenant_id = $1::uuid AND upload_id IN (SELECT id FROM u))"
    " DELETE FROM member_upload WHERE tenant_id = $1::uuid AND id IN (SELECT id FROM u)"};
// Who runs a group of the community $2 by a name of $3 (text[]) is $4.
inline constexpr pg::Statement kForgetGroupOwner{
    "forget_group_owner",
    "UPDATE chat_group SET owner = $4 WHERE tenant_id = $1::uuid AND community_id = $2::uuid"
    " AND owner = ANY ($3::text[])"};
inline constexpr pg::Statement kSplitReasons{
    "split_reasons",
    "SELECT id, reason FROM group_split WHERE tenant_id = $1::uuid AND community_id = $2::uuid AND reason <> ''"};
inline constexpr pg::Statement kForgetSplitReason{
    "forget_group_split_reason", "UPDATE group_split SET reason = '' WHERE tenant_id = $1 AND id = $2"};
inline constexpr pg::Statement kSegmentFilters{
    "segment_filters", "SELECT id, filter FROM segment WHERE tenant_id = $1::uuid AND community_id = $2::uuid"};
inline constexpr pg::Statement kRewriteFilter{
    "forget_segment_filter", "UPDATE segment SET filter = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2"};

// The rows themselves, which stay: $3 the name that stands for all names, $4 now.
inline constexpr pg::Statement kForgetMemberRows{
    "forget_member_rows",
    "UPDATE member SET display_name = $3, external_id = NULL, expectation = '', attributes = '{}', customer_class = 0,"
    " fan_score = NULL, values_fit = NULL, consent_statement = '', leave_reason = '', update_time = $4,"
    " version = version + 1"
    " WHERE tenant_id = $1::uuid AND id = ANY ($2::uuid[]) RETURNING id, version"};
// Who has not been decided on is rejected; `decided` says who.
inline constexpr pg::Statement kForgetApplicationRows{
    "forget_application_rows",
    "WITH open AS (SELECT id FROM application WHERE tenant_id = $1::uuid AND id = ANY ($2::uuid[]) AND state IN (1, 4))"
    " UPDATE application a SET display_name = $3, external_id = NULL, form = '', decision_reason = '',"
    " payment_reference = '', values_fit = NULL, state = CASE WHEN a.state IN (1, 4) THEN 3 ELSE a.state END, "
    "decide_time = coalesce(a.decide_time, $4),"
    " version = a.version + 1"
    " WHERE a.tenant_id = $1::uuid AND a.id = ANY ($2::uuid[])"
    " RETURNING a.id, a.version, a.id IN (SELECT id FROM open) AS rejected"};

// Explanations of refused rows of a community's ($2) files that repeat one of $3 (text[]).
#define LANTING_ROW_ERRORS_ABOUT                                                                             \
  "e.tenant_id = $1::uuid AND e.import_id IN (SELECT i.id FROM member_import i WHERE i.tenant_id = $1::uuid" \
  " AND i.community_id = $2::uuid) AND EXISTS (SELECT FROM unnest($3::text[]) AS v"                          \
  " WHERE position(v IN ' ' || e.message || ' ') > 0)"
inline constexpr pg::Statement kForgetRowErrors{
    "forget_import_row_error", "UPDATE import_row_error e SET message = '' WHERE " LANTING_ROW_ERRORS_ABOUT};
inline constexpr pg::Statement kRowErrorsAbout{
    "row_errors_about",
    "SELECT e.import_id, e.row_number, e.line, e.column_name, e.reason, e.message FROM import_row_error e"
    " WHERE " LANTING_ROW_ERRORS_ABOUT " ORDER BY e.import_id, e.row_number, e.column_name LIMIT $4::int"};

// Replies kept for retries in which one of $2 (bytea[]) stands.
#define LANTING_REPLIES_ABOUT \
  "r.tenant_id = $1::uuid AND EXISTS (SELECT FROM unnest($2::bytea[]) AS v WHERE position(v IN r.response) > 0)"
inline constexpr pg::Statement kRepliesAbout{
    "replies_about",
    "SELECT r.subject, r.method, r.request_id, r.response, r.created_at FROM request_log r WHERE " LANTING_REPLIES_ABOUT
    " ORDER BY r.created_at LIMIT $3::int"};
inline constexpr pg::Statement kRepliesAboutLocked{
    "replies_about_locked",
    "SELECT r.subject, r.method, r.request_id, r.response, r.created_at FROM request_log r WHERE " LANTING_REPLIES_ABOUT
    " ORDER BY r.subject, r.method, r.request_id FOR UPDATE"};
inline constexpr pg::Statement kRewriteReply{
    "rewrite_reply",
    "UPDATE request_log SET response = $5 WHERE tenant_id = $1 AND subject = $2 AND method = $3 AND request_id = $4"};

// --- who the person is ---

// Members of the community $2 that are one of $3, were merged into one, or have an external id of $4, of any state.
inline constexpr pg::Statement kMembersOfPerson{
    "members_of_person",
    "SELECT id, state, merged_into, external_id, display_name FROM member WHERE tenant_id = $1::uuid"
    " AND community_id = $2::uuid AND id = ANY ($3::uuid[])"
    " UNION SELECT id, state, merged_into, external_id, display_name FROM member WHERE tenant_id = $1::uuid"
    " AND community_id = $2::uuid AND merged_into = ANY ($3::uuid[])"
    " UNION SELECT id, state, merged_into, external_id, display_name FROM member WHERE tenant_id = $1::uuid"
    " AND community_id = $2::uuid AND external_id = ANY ($4::text[]) AND state <> 3"
    " UNION SELECT id, state, merged_into, external_id, display_name FROM member WHERE tenant_id = $1::uuid"
    " AND community_id = $2::uuid AND external_id = ANY ($4::text[]) AND state = 3 AND external_id IS NOT NULL"
    " ORDER BY id"};
inline constexpr pg::Statement kIdentitiesOf{
    "identities_of",
    "SELECT channel, user_id FROM member_identity WHERE tenant_id = $1::uuid AND member_id = ANY ($2::uuid[])"
    " ORDER BY channel, user_id"};
// Applications to the community $2 that made one of the members $3, have an external id of $4, or in whose form one of
// $5 (bytea[]) stands: to be looked at.
inline constexpr pg::Statement kApplicationsOfPerson{
    "applications_of_person", LANTING_APPLICATION_SELECT
    " FROM application a WHERE a.tenant_id = $1::uuid AND a.community_id = $2::uuid AND (a.member_id = ANY ($3::uuid[])"
    " OR a.external_id = ANY ($4::text[])"
    " OR EXISTS (SELECT FROM unnest($5::bytea[]) AS v WHERE position(v IN a.form) > 0)) ORDER BY a.id"};
inline constexpr pg::Statement kLockApplicationsOfPerson{
    "lock_applications_of_person",
    "SELECT id FROM application WHERE tenant_id = $1::uuid AND id = ANY ($2::uuid[]) ORDER BY id FOR UPDATE"};
inline constexpr pg::Statement kRunningImport{
    "running_import", "SELECT id FROM member_import WHERE tenant_id = $1 AND community_id = $2 AND state = 1 LIMIT 1"};
inline constexpr pg::Statement kCommunityLocale{"community_locale",
                                                "SELECT locale FROM community WHERE tenant_id = $1 AND id = $2"};
inline constexpr pg::Statement kAcceptancesOf{
    "acceptances_of",
    "SELECT version, accept_time FROM rules_acceptance WHERE tenant_id = $1::uuid AND member_id = ANY ($2::uuid[])"
    " ORDER BY version, accept_time LIMIT $3::int"};
inline constexpr pg::Statement kHistoryOf{
    "history_of",
    "SELECT member_id, kind, detail::text AS detail, actor, at FROM member_history WHERE tenant_id = $1::uuid"
    " AND member_id = ANY ($2::uuid[]) ORDER BY at, id LIMIT $3::int"};

inline constexpr pg::Statement kNotesOf{
    "notes_of",
    "SELECT n.id, n.member_id, n.community_id, n.text, n.author, n.author_name, n.create_time FROM member_note n"
    " WHERE n.tenant_id = $1::uuid AND n.member_id = ANY ($2::uuid[]) ORDER BY n.id LIMIT $3::int"};
inline constexpr pg::Statement kStaffOf{
    "staff_of",
    LANTING_STAFF_SELECT "WHERE s.tenant_id = $1::uuid AND s.member_id = ANY ($2::uuid[]) ORDER BY s.id LIMIT $3::int"};

// --- the proof ---

// One for each of the members $3 with the ids $2 that has none yet; answers for whom.
inline constexpr pg::Statement kInsertErasures{
    "insert_erasures",
    "INSERT INTO erasure (tenant_id, id, community_id, member_id, reason, actor, erase_time)"
    " SELECT $1::uuid, e.id, $4::uuid, e.member, $5::int, $6, $7::timestamptz"
    " FROM unnest($2::uuid[], $3::uuid[]) AS e (id, member) ON CONFLICT (tenant_id, member_id) DO NOTHING"
    " RETURNING member_id"};
#define LANTING_ERASURE_SELECT \
  "SELECT e.id, e.community_id, e.member_id, e.reason, e.actor, e.erase_time FROM erasure e "
inline constexpr pg::Statement kErasureOfMember{"erasure_of_member",
                                                LANTING_ERASURE_SELECT "WHERE e.tenant_id = $1 AND e.member_id = $2"};
inline constexpr pg::Statement kGetErasure{
    "get_erasure", LANTING_ERASURE_SELECT "WHERE e.tenant_id = $1 AND e.community_id = $2 AND e.id = $3"};
inline constexpr const char* kListErasures = LANTING_ERASURE_SELECT "WHERE e.tenant_id = $1 AND e.community_id = $2";

}  // namespace lanting::membership::sql
