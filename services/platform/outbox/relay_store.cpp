#include "platform/outbox/relay_store.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <charconv>

#include "lanting/common/v1/event_envelope.pb.h"
#include "platform/base/clock.h"
#include "platform/base/id.h"

namespace lanting::outbox {
namespace {

constexpr std::chrono::milliseconds kWait{5000};

constexpr char kLock[] = "SELECT pg_try_advisory_lock(hashtext('lanting.outbox.relay'), hashtext($1))";
constexpr char kCreateCursor[] =
    "INSERT INTO outbox_cursor (name, xid, id, state, updated_at) VALUES ('relay', '0', 0, '{}', now()) "
    "ON CONFLICT (name) DO NOTHING";
constexpr char kLoadCursor[] = "SELECT xid::text, id, state::text FROM outbox_cursor WHERE name = 'relay'";
constexpr char kStoreCursor[] =
    "UPDATE outbox_cursor SET xid = $1::xid8, id = $2::bigint, state = $3::jsonb, updated_at = now() "
    "WHERE name = 'relay' AND xid = $4::xid8 AND id = $5::bigint";
constexpr char kRead[] =
    "SELECT xid::text, id, event_id::text, tenant_id::text, subject, aggregate_version, type, payload, traceparent, "
    "(extract(epoch FROM occurred_at) * 1000000)::bigint FROM outbox "
    "WHERE (xid, id) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot()) "
    "ORDER BY outbox.xid, outbox.id LIMIT $3::int";  // a bare xid would be the text of the first column
constexpr char kOldest[] =
    "SELECT greatest(extract(epoch FROM clock_timestamp() - created_at), 0) FROM outbox "
    "WHERE (xid, id) > ($1::xid8, $2::bigint) ORDER BY xid, id LIMIT 1";
constexpr char kMaintain[] = "SELECT outbox_maintain($1::int)";
constexpr char kPurge[] =
    "SELECT greatest(request_log_purge('24 hours', 2000), inbox_purge(make_interval(days => $1::int), 2000)) = 2000";

std::int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

template <typename T>
T Number(const PGresult* r, int row, int column) {
  T out{};
  const char* text = PQgetvalue(r, row, column);
  std::from_chars(text, text + PQgetlength(r, row, column), out);
  return out;
}

std::string Text(const PGresult* r, int row, int column) {
  return {PQgetvalue(r, row, column), static_cast<std::size_t>(PQgetlength(r, row, column))};
}

std::string Bytes(const PGresult* r, int row, int column) {
  std::size_t size = 0;
  unsigned char* bytes = PQunescapeBytea(reinterpret_cast<unsigned char*>(PQgetvalue(r, row, column)), &size);
  if (bytes == nullptr) throw std::bad_alloc();
  std::string out(reinterpret_cast<char*>(bytes), size);
  PQfreemem(bytes);
  return out;
}

std::string IdText(const PGresult* r, int row, int column) {
  auto id = Id::ParseUuid(PQgetvalue(r, row, column));
  return id ? id->ToString() : std::string();
}

Row ToRow(const PGresult* r, int i) {
  common::v1::EventEnvelope e;
  e.set_event_id(IdText(r, i, 2));
  e.set_tenant_id(IdText(r, i, 3));
  e.set_subject(Text(r, i, 4));
  e.set_aggregate_version(Number<std::int64_t>(r, i, 5));
  e.set_type(Text(r, i, 6));
  e.set_payload(Bytes(r, i, 7));
  e.set_traceparent(Text(r, i, 8));
  // Before 1970 the remainder would be negative; proto wants nanos in 0..999,999,999.
  const auto us = Number<std::int64_t>(r, i, 9);
  const auto seconds = us / 1000000 - (us % 1000000 < 0 ? 1 : 0);
  e.mutable_occurred_time()->set_seconds(seconds);
  e.mutable_occurred_time()->set_nanos(static_cast<int>(us - seconds * 1000000) * 1000);
  return {.position = {Number<std::uint64_t>(r, i, 0), Number<std::int64_t>(r, i, 1)},
          .subject = e.subject(),
          .envelope = e.SerializeAsString()};
}

}  // namespace

void RelayStore::FreeConn::operator()(pg_conn* c) const { PQfinish(c); }
void RelayStore::FreeResult::operator()(pg_result* r) const { PQclear(r); }

RelayStore::RelayStore(std::string url, std::string service) : url_(std::move(url)), service_(std::move(service)) {}
RelayStore::~RelayStore() = default;

void RelayStore::Disconnect() { conn_.reset(); }

Error RelayStore::Fail(const std::string& what) {
  std::string cause = what;
  if (conn_) cause += std::string(": ") + PQerrorMessage(conn_.get());
  Disconnect();
  return errors::DependencyUnavailable("postgres", cause);
}

Result<void> RelayStore::WaitSocket(bool write, std::int64_t deadline_ms) {
  pollfd fd{.fd = PQsocket(conn_.get()), .events = static_cast<short>(write ? POLLOUT : POLLIN)};
  const auto left = deadline_ms - NowMs();
  if (left <= 0 || poll(&fd, 1, static_cast<int>(left)) <= 0) return Fail("timed out");
  return {};
}

Result<void> RelayStore::Connect() {
  const char* keys[] = {"dbname", "fallback_application_name", "client_encoding", nullptr};
  const std::string name = "lanting-relay-" + service_;
  const char* values[] = {url_.c_str(), name.c_str(), "UTF8", nullptr};
  conn_.reset(PQconnectStartParams(keys, values, 1));
  if (!conn_) return Fail("connect");
  const auto deadline = NowMs() + kWait.count();
  for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
    if (state == PGRES_POLLING_FAILED || PQstatus(conn_.get()) == CONNECTION_BAD) return Fail("connect");
    RETURN_IF_ERROR(WaitSocket(state == PGRES_POLLING_WRITING, deadline));
    state = PQconnectPoll(conn_.get());
  }
  PQsetnonblocking(conn_.get(), 1);
  // A cursor lost in a crash costs duplicates only; waiting for the disk each round would cost the business's commits.
  RETURN_IF_ERROR(Exec("SET synchronous_commit = off", {}));
  return {};
}

Result<RelayStore::PgResult> RelayStore::Exec(const char* sql, const std::vector<std::string>& params) {
  std::vector<const char*> values;
  for (const auto& p : params) values.push_back(p.c_str());
  const auto deadline = NowMs() + kWait.count();
  if (!PQsendQueryParams(conn_.get(), sql, static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr,
                         0))
    return Fail("send");
  for (int left = PQflush(conn_.get()); left != 0; left = PQflush(conn_.get())) {
    if (left < 0) return Fail("send");
    RETURN_IF_ERROR(WaitSocket(true, deadline));
  }
  PgResult out;
  while (true) {
    while (PQisBusy(conn_.get())) {
      RETURN_IF_ERROR(WaitSocket(false, deadline));
      if (!PQconsumeInput(conn_.get())) return Fail("read");
    }
    PgResult next(PQgetResult(conn_.get()));
    if (!next) break;
    out = std::move(next);
  }
  const auto status = out ? PQresultStatus(out.get()) : PGRES_FATAL_ERROR;
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return Fail(sql);
  return out;
}

Result<bool> RelayStore::TryLead() {
  if (!conn_) RETURN_IF_ERROR(Connect());
  ASSIGN_OR_RETURN(auto r, Exec(kLock, {service_}));
  return Text(r.get(), 0, 0) == "t";
}

Result<Cursor> RelayStore::LoadCursor() {
  RETURN_IF_ERROR(Exec(kCreateCursor, {}));
  ASSIGN_OR_RETURN(auto r, Exec(kLoadCursor, {}));
  if (PQntuples(r.get()) != 1) return Fail("no cursor row");
  Cursor cursor{.position = {Number<std::uint64_t>(r.get(), 0, 0), Number<std::int64_t>(r.get(), 0, 1)}};
  StateFromJson(Text(r.get(), 0, 2), cursor);
  return cursor;
}

Result<void> RelayStore::StoreCursor(const Position& before, const Cursor& cursor) {
  ASSIGN_OR_RETURN(auto r,
                   Exec(kStoreCursor, {std::to_string(cursor.position.xid), std::to_string(cursor.position.id),
                                       StateToJson(cursor), std::to_string(before.xid), std::to_string(before.id)}));
  if (std::string_view(PQcmdTuples(r.get())) == "1") return {};
  Disconnect();
  return errors::ConcurrentWrite();
}

Result<std::vector<Row>> RelayStore::Read(const Position& after, int limit, Position& end) {
  ASSIGN_OR_RETURN(auto r, Exec(kRead, {std::to_string(after.xid), std::to_string(after.id), std::to_string(limit)}));
  std::vector<Row> rows;
  rows.reserve(PQntuples(r.get()));
  for (int i = 0; i < PQntuples(r.get()); ++i) rows.push_back(ToRow(r.get(), i));
  end = rows.empty() ? after : rows.back().position;
  std::ranges::sort(rows, {}, [](const Row& row) { return row.position.id; });
  return rows;
}

Result<double> RelayStore::OldestAgeSeconds(const Position& after) {
  ASSIGN_OR_RETURN(auto r, Exec(kOldest, {std::to_string(after.xid), std::to_string(after.id)}));
  return PQntuples(r.get()) == 0 ? 0.0 : Number<double>(r.get(), 0, 0);
}

Result<void> RelayStore::Maintain(int keep_days) {
  RETURN_IF_ERROR(Exec(kMaintain, {std::to_string(keep_days)}));
  return {};
}

Result<bool> RelayStore::Purge(int inbox_days) {
  ASSIGN_OR_RETURN(auto r, Exec(kPurge, {std::to_string(inbox_days)}));
  return Text(r.get(), 0, 0) == "t";
}

}  // namespace lanting::outbox
