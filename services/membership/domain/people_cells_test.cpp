#include "membership/domain/people_cells.h"

#include <gtest/gtest.h>

#include <random>

#include "membership/domain/csv.h"

namespace lanting::membership::cells {
namespace {

TEST(PeopleCellsTest, AFormulaIsProtectedAndComesBack) {
  for (const char* text : {"=1+1", "+86 138", "-", "@all", "\tx", "\rx", "＝1", "＠", "'=1", "''-x"}) {
    EXPECT_EQ(Protect(text), "'" + std::string(text));
    EXPECT_EQ(Unprotect(Protect(text)), text);
  }
  for (const char* text : {"", "小明", "'quoted'", "'", "''", "a=b", " =1", "“=1”"}) {
    EXPECT_EQ(Protect(text), text);
    EXPECT_EQ(Unprotect(text), text);
  }
}

TEST(PeopleCellsTest, TagsOfOneCell) {
  using Tags = std::vector<std::string>;
  EXPECT_EQ(SplitTags("绘画; 读书；跑步|茶"), (Tags{"绘画", "读书", "跑步", "茶"}));
  EXPECT_EQ(SplitTags(" ; ;"), Tags{});
  EXPECT_EQ(SplitTags("a\\;b;c\\\\d\\x"), (Tags{"a;b", "c\\d\\x"}));
  EXPECT_EQ(JoinTags({"绘画", "a；b", "c|d"}), "绘画;a\\；b;c\\|d");
}

TEST(PeopleCellsTest, AnythingWrittenIsReadBack) {
  std::mt19937 random(353);
  const std::vector<std::string> parts = {"=",  "+",  "'",    "\"", ",",  ";", "；", "|",
                                          "\\", "\n", "\r\n", "\t", "兰", "🐮", "a",  " "};
  for (int i = 0; i < 5000; ++i) {
    const auto text = [&] {
      std::string out;
      for (auto n = random() % 8; n > 0; --n) out += parts[random() % parts.size()];
      return out;
    };
    std::vector<std::string> row(3), protected_row;
    for (auto& cell : row) cell = text();
    for (const auto& cell : row) protected_row.push_back(Protect(cell));
    std::string file = "a,b,c\r\n";
    AppendRow(protected_row, file);
    csv::Reader reader(file);
    csv::Row read;
    reader.Next(read);
    ASSERT_EQ(reader.Next(read), csv::Reader::Step::kRow) << file;
    for (std::size_t c = 0; c < row.size(); ++c) ASSERT_EQ(Unprotect(read.fields.at(c)), row[c]);
    std::vector<std::string> tags;
    for (int t = 0; t < 3; ++t) tags.push_back("t" + text() + "t");
    ASSERT_EQ(SplitTags(JoinTags(tags)), tags);
  }
}

TEST(PeopleCellsTest, ClassesInBothLanguages) {
  EXPECT_EQ(ParseCustomerClass(" expert "), CustomerClass::kExpert);
  EXPECT_EQ(ParseCustomerClass("CUSTOMER_CLASS_BULK"), CustomerClass::kBulk);
  EXPECT_EQ(ParseCustomerClass("潜在客户"), CustomerClass::kPotential);
  EXPECT_EQ(ParseCustomerClass("普通"), CustomerClass::kOrdinary);
  EXPECT_EQ(ParseCustomerClass("vip"), CustomerClass::kUnspecified);
  for (auto c : {CustomerClass::kUnspecified, CustomerClass::kPotential, CustomerClass::kBulk})
    EXPECT_EQ(ParseCustomerClass(CustomerClassName(c)), c);
}

}  // namespace
}  // namespace lanting::membership::cells
