#include "membership/workers/import_rows.h"

#include "membership/api/convert_member.h"
#include "membership/workers/import_parse.h"

namespace lanting::membership {
namespace {

constexpr std::size_t kRemembered = 200'000;  // values of a file, to tell which row was first

}  // namespace

ImportRows::ImportRows(ReadPiece read, const MemberImport& import, int chunk_rows, int skip)
    : read_(std::move(read)),
      reader_(import.file.encoding),
      community_(import.community),
      rules_(import.file),
      most_rows_(import.upload.IsNil() ? kMaxImportRows : kMaxUploadRows),
      chunk_rows_(chunk_rows),
      skip_(skip),
      given_(skip) {
  ReadAhead();
}

void ImportRows::ReadAhead() {
  next_ = std::async(std::launch::async, [this] { return Read(); });
}

Result<ImportChunk> ImportRows::Next() {
  auto chunk = next_.get();
  if (!chunk.ok()) return chunk;
  given_ += static_cast<int>(chunk->rows.size());
  ReadAhead();
  return chunk;
}

Result<bool> ImportRows::NextRow() {
  for (;;) {
    switch (reader_.Next(buffer_)) {
      case csv::Reader::Step::kRow:
        return true;
      case csv::Reader::Step::kEnd:
        return false;
      case csv::Reader::Step::kMore:
        ASSIGN_OR_RETURN(const auto piece, read_());
        bytes_ += static_cast<std::int64_t>(piece.size());
        piece.empty() ? reader_.End() : reader_.Feed(piece);
    }
  }
}

Result<void> ImportRows::ReadHeader() {
  ASSIGN_OR_RETURN(const bool found, NextRow());
  if (!found) return ::lanting::errors::Internal("the file of the import has no header");
  ASSIGN_OR_RETURN(header_, ParseHeader(buffer_, rules_));
  for (; position_ < skip_; ++position_) {
    ASSIGN_OR_RETURN(const bool there, NextRow());
    if (!there) break;
  }
  // The rows that were handled include the one that says where the file broke off.
  ended_ = position_ < skip_;
  return {};
}

Result<ImportChunk> ImportRows::Read() {
  if (header_.columns.empty()) RETURN_IF_ERROR(ReadHeader());
  ImportChunk chunk;
  while (!ended_ && static_cast<int>(chunk.rows.size()) < chunk_rows_) {
    ASSIGN_OR_RETURN(const bool found, NextRow());
    const bool too_many = found && position_ == most_rows_;
    ended_ = !found || too_many;
    if (!ended_) {
      ++position_;
      chunk.rows.push_back(Parse(buffer_));
    } else if (too_many || reader_.rows().fault()) {
      const auto& fault = reader_.rows().fault();
      ImportRow last{.row = ++position_, .line = too_many ? buffer_.line : fault->line};
      last.faults.push_back({last.row, last.line, "", "MALFORMED_CSV",
                             too_many ? "there are more rows than a file may have; divide it"
                                      : fault->message + "; nothing after it was read"});
      chunk.rows.push_back(std::move(last));
    }
  }
  chunk.bytes = bytes_;
  chunk.last = ended_;
  return chunk;
}

ImportRow ImportRows::Parse(const csv::Row& row) {
  ImportRow out{.row = position_, .line = row.line};
  if (row.fields.size() != header_.columns.size()) {
    out.faults.push_back({out.row, out.line, "", "MALFORMED_CSV",
                          "has " + std::to_string(row.fields.size()) + " fields, the header has " +
                              std::to_string(header_.columns.size())});
    return out;
  }
  auto parsed = ParsePerson(row, header_, rules_);
  for (auto& fault : parsed.faults) {
    out.faults.push_back(
        {out.row, out.line, std::move(fault.column), std::move(fault.reason), std::move(fault.message)});
  }
  if (!out.faults.empty()) return out;
  out.item.community = community_;
  out.item.source = JoinSource::kImport;
  out.item.member_id = Id::New();
  out.item.person = convert::ToPerson(parsed.member);
  FindEarlier(out);
  return out;
}

void ImportRows::FindEarlier(ImportRow& row) {
  const auto earlier = [&](std::unordered_map<std::string, int>& row_of, const std::string& value) {
    if (const auto found = row_of.find(value); found != row_of.end()) return found->second;
    if (row_of.size() < kRemembered) row_of.emplace(value, row.row);
    return 0;
  };
  const Person& person = row.item.person;
  if (!person.external_id.empty()) row.same_external_id = earlier(row_of_external_id_, person.external_id);
  for (const auto& identity : person.identities) {
    const int same = earlier(row_of_identity_, ChannelName(identity.channel) + ":" + identity.user_id);
    if (row.same_identity == 0) row.same_identity = same;
  }
}

RowError RefusedRow(const ImportRow& row, const Error& error) {
  RowError out{row.row, row.line, "", error.reason, error.message};
  int earlier = 0;
  if (error.reason == "EXTERNAL_ID_TAKEN") {
    out.column = "external_id";
    earlier = row.same_external_id;
  } else if (error.reason == "IDENTITY_TAKEN") {
    out.column = "user_id";
    earlier = row.same_identity;
  }
  if (earlier != 0) out.message = "is the same as in row " + std::to_string(earlier) + " of this file";
  return out;
}

}  // namespace lanting::membership
