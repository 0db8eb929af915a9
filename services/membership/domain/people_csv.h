// The columns of a CSV of people: what stands in them, and how a file is read for its form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "membership/domain/channel.h"
#include "membership/domain/csv.h"
#include "membership/domain/text_decoder.h"
#include "platform/base/result.h"

namespace lanting::membership {

enum class Column {
  kIgnored,
  kDisplayName,
  kExternalId,
  kChannel,
  kUserId,
  kUserIdOn,  // of the channel in its name: "user_id.wecom"
  kExpectation,
  kTags,
  kCustomerClass,
  kFanScore,
  kValuesFit,
  kAttribute,  // of the key in its name: "attributes.city"
  kConsent,
  kConsentTime,
};

// A column of a file.
struct HeaderColumn {
  Column column = Column::kIgnored;
  std::string field;  // as it is reported: "display_name", "attributes.city"; "" if ignored
  std::string title;  // as it stands in the file
  int channel = 0;    // kUserIdOn
  std::string key;    // kAttribute
};

struct Header {
  std::vector<HeaderColumn> columns;

  // Whether something of it is for staff only.
  bool of_staff() const {
    for (const auto& c : columns) {
      if (c.column == Column::kCustomerClass || c.column == Column::kFanScore || c.column == Column::kValuesFit ||
          c.column == Column::kAttribute)
        return true;
    }
    return false;
  }
};

// What the caller says about the file.
struct FileRules {
  Encoding encoding = Encoding::kAuto;
  std::vector<std::string> mapping;  // "<field>:<title of the column>"
  int channel = 0;                   // of every user_id; 0: a column says
  bool ignore_unknown_columns = false;
};

// Most rows of a file that is sent in one request, and of one that is imported all or none, or only checked.
inline constexpr int kMaxImportRows = 100'000;
inline constexpr std::size_t kMaxImportBytes = 16 * 1024 * 1024;
// Of one that was uploaded in parts.
inline constexpr int kMaxUploadRows = 5'000'000;

// A value of a file as a message or a list may show it: valid UTF-8 of at most so many code points.
std::string Shown(std::string_view text, std::size_t most = 40);

// The field of this name, which may be a Chinese one: "昵称" is display_name, "属性.city" is attributes.city. Nothing
// else of the column is known then. kIgnored with an empty `field` if there is none.
HeaderColumn FieldOf(std::string_view name);

// What is wrong with the mapping alone: INVALID_FIELDS of "mapping[i]".
Result<void> CheckMapping(const std::vector<std::string>& mapping);

// What the header row says: which column stands where. Names of columns: case ignored; a field that the mapping names
// is taken from there only. MALFORMED_CSV.
Result<Header> ParseHeader(const csv::Row& row, const FileRules& rules = {});

// The rows of a file of any encoding, piece by piece; see csv::Reader.
class TextReader {
 public:
  explicit TextReader(Encoding encoding = Encoding::kAuto) : decoder_(encoding) {}
  void Feed(std::string_view bytes);
  void End();
  csv::Reader::Step Next(csv::Row& row) { return rows_.Next(row); }
  const csv::Reader& rows() const { return rows_; }
  Encoding encoding() const { return decoder_.encoding(); }

 private:
  TextDecoder decoder_;
  csv::Reader rows_;
  std::string text_;
};

// What was found out about a file.
struct FileForm {
  Header header;
  Encoding encoding = Encoding::kAuto;  // kAuto: all ASCII so far
  char separator = ',';
  int rows = 0;
};

// Reads the whole file for its form: header, quotes, row and byte limits. `part_is_enough`: a fault in a row is found
// by whoever reads the rows, and that row counts as one.
Result<FileForm> CheckFile(std::string_view bytes, const FileRules& rules = {}, bool part_is_enough = false);
// The form of a file by its first bytes, without the number of rows. `whole`: there are no more.
Result<FileForm> CheckStart(std::string_view bytes, bool whole, const FileRules& rules);

}  // namespace lanting::membership
