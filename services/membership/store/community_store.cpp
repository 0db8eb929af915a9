#include "membership/store/community_store.h"

#include "membership/domain/errors.h"
#include "membership/store/columns.h"
#include "membership/store/sql_community.h"

namespace lanting::membership::community_store {
namespace {

int Number(auto e) { return static_cast<int>(e); }

std::vector<std::int32_t> Numbers(const std::vector<PurposeKind>& purposes) {
  std::vector<std::int32_t> numbers;
  for (auto p : purposes) numbers.push_back(Number(p));
  return numbers;
}

std::optional<std::string> OrNull(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

template <typename T>
std::optional<T> First(const pqxx::result& rows, T (*read)(const pqxx::row&)) {
  if (rows.empty()) return std::nullopt;
  return read(rows[0]);
}

}  // namespace

Community Read(const pqxx::row& row) {
  Community c;
  c.id = pg::GetId(row["id"]);
  c.external_id = pg::GetString(row["external_id"]);
  c.display_name = pg::GetString(row["display_name"]);
  c.opened_from = static_cast<Template>(pg::GetInt32(row["template"]));
  c.structure = static_cast<Structure>(pg::GetInt32(row["structure"]));
  c.purpose = pg::GetString(row["purpose"]);
  c.vision = pg::GetString(row["vision"]);
  c.target_user = pg::GetString(row["target_user"]);
  c.product = pg::GetString(row["product"]);
  c.positioning = pg::GetString(row["positioning"]);
  c.offer_minutes = pg::GetInt32(row["offer_minutes"]);
  c.declarations = columns::UnpackDeclarations(pg::GetBytes(row["declarations"]));
  c.locale = pg::GetString(row["locale"]);
  c.time_zone = pg::GetString(row["time_zone"]);
  c.state = static_cast<CommunityState>(pg::GetInt32(row["state"]));
  c.house_rules_version = pg::GetInt32(row["house_rules_version"]);
  c.member_count = pg::GetInt32(row["member_count"]);
  c.waiting_count = pg::GetInt32(row["waiting_count"]);
  c.needs_group = pg::GetBool(row["needs_group"]);
  c.type = static_cast<CommunityType>(pg::GetInt32(row["type"]));
  for (const auto& purpose : pg::GetStringArray(row["purposes"])) {
    c.purposes.push_back(static_cast<PurposeKind>(std::stoi(purpose)));
  }
  c.product_kind = static_cast<ProductKind>(pg::GetInt32(row["product_kind"]));
  c.version = pg::GetInt(row["version"]);
  c.create_time = pg::GetTime(row["create_time"]);
  c.update_time = pg::GetTime(row["update_time"]);
  return c;
}

std::optional<Community> Get(pg::Tx& tx, const Id& community) {
  return First(tx.Run(sql::kGetCommunity, tx.tenant(), community), Read);
}

std::optional<Community> Lock(pg::Tx& tx, const Id& community) {
  return First(tx.Run(sql::kGetCommunityLocked, tx.tenant(), community), Read);
}

bool Exists(pg::Tx& tx, const Id& community) { return !tx.Run(sql::kCommunityExists, tx.tenant(), community).empty(); }

void Open(idempotency::Work& work, const Id& tenant, const Community& c, const HouseRules& rules, const Gate& gate) {
  work.OnConflict("community_external_id_key", errors::ExternalIdTaken(c.external_id));
  work.Do(sql::kOpenCommunity, tenant, c.id, OrNull(c.external_id), c.display_name, Number(c.opened_from),
          Number(c.structure), c.purpose, c.vision, c.target_user, c.product, pg::Bytes{columns::Pack(c.declarations)},
          c.locale, c.time_zone, Number(c.state), c.version, c.create_time, rules.text, gate.id, gate.display_name,
          Number(gate.kind), pg::Bytes{columns::PackConfig(gate)}, c.positioning, c.offer_minutes, Number(c.type),
          Numbers(c.purposes), Number(c.product_kind));
}

void Update(idempotency::Work& work, const Id& tenant, const Community& c) {
  work.Do(sql::kUpdateCommunity, tenant, c.id, c.display_name, Number(c.structure), c.purpose, c.vision, c.target_user,
          c.product, pg::Bytes{columns::Pack(c.declarations)}, c.locale, c.time_zone, c.version, c.update_time,
          c.positioning, c.offer_minutes, Number(c.type), Numbers(c.purposes), Number(c.product_kind));
}

void SetState(pg::Tx& tx, const Community& c) {
  tx.Run(sql::kSetCommunityState, tx.tenant(), c.id, Number(c.state), c.version, c.update_time);
}

void Publish(idempotency::Work& work, const Id& tenant, const HouseRules& rules, std::int64_t community_version) {
  work.Do(sql::kPublishHouseRules, tenant, rules.community, rules.version, rules.text, rules.create_time,
          community_version);
}

std::optional<HouseRules> GetHouseRules(pg::Tx& tx, const Id& community, int version) {
  auto rows = version == 0 ? tx.Run(sql::kGetCurrentHouseRules, tx.tenant(), community)
                           : tx.Run(sql::kGetHouseRules, tx.tenant(), community, version);
  if (rows.empty()) return std::nullopt;
  return HouseRules{.community = community,
                    .version = pg::GetInt32(rows[0]["version"]),
                    .text = pg::GetString(rows[0]["text"]),
                    .create_time = pg::GetTime(rows[0]["create_time"])};
}

void CreateGroup(idempotency::Work& work, const Id& tenant, const Group& g) {
  work.Do(sql::kCreateGroup, tenant, g.id, g.community, g.display_name, Number(g.kind), Number(g.channel),
          g.channel_group_id, g.capacity, g.version, g.create_time, g.tag, g.purpose, g.owner, g.parent, g.split);
}

void InsertGroup(pg::Tx& tx, const Group& g) {
  tx.Run(sql::kInsertGroup, tx.tenant(), g.id, g.community, g.display_name, Number(g.kind), Number(g.channel),
         g.channel_group_id, g.capacity, g.version, g.create_time, g.tag, g.purpose, g.owner, g.parent, g.split);
}

void UpdateGroup(pg::Tx& tx, const Group& g) {
  tx.Run(sql::kUpdateGroup, tx.tenant(), g.id, g.display_name, g.channel_group_id, g.capacity, Number(g.state), g.tag,
         g.purpose, g.owner, g.version, g.update_time);
}

int FreeMainPlaces(pg::Tx& tx, const Id& community) {
  return pg::GetInt32(tx.Run(sql::kFreeMainPlaces, tx.tenant(), community)[0]["places"]);
}

Group ReadGroup(const pqxx::row& row) {
  Group g;
  g.id = pg::GetId(row["id"]);
  g.community = pg::GetId(row["community_id"]);
  g.display_name = pg::GetString(row["display_name"]);
  g.kind = static_cast<GroupKind>(pg::GetInt32(row["kind"]));
  g.channel = static_cast<Channel>(pg::GetInt32(row["channel"]));
  g.channel_group_id = pg::GetString(row["channel_group_id"]);
  g.capacity = pg::GetInt32(row["capacity"]);
  g.member_count = pg::GetInt32(row["member_count"]);
  g.version = pg::GetInt(row["version"]);
  g.state = static_cast<GroupState>(pg::GetInt32(row["state"]));
  g.tag = pg::GetString(row["tag"]);
  g.purpose = pg::GetString(row["purpose"]);
  g.owner = pg::GetString(row["owner"]);
  g.parent = pg::GetOptionalId(row["parent_group_id"]).value_or(Id());
  g.split = pg::GetOptionalId(row["split_id"]).value_or(Id());
  g.create_time = pg::GetTime(row["create_time"]);
  g.update_time = pg::GetTime(row["update_time"]);
  return g;
}

std::optional<Group> GetGroup(pg::Tx& tx, const Id& community, const Id& group) {
  return First(tx.Run(sql::kGetGroup, tx.tenant(), community, group), ReadGroup);
}

}  // namespace lanting::membership::community_store
