// Files of people over REST, end to end: in parts with a break, imported while the process dies, and out again.
#include <gtest/gtest.h>

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/suite.h"

namespace lanting {
namespace {

using testing::Answer;
using testing::Suite;

class TempFile {
 public:
  explicit TempFile(const std::string& content) {
    char path[] = "/tmp/lanting-files-XXXXXX";
    ::close(::mkstemp(path));
    path_ = path;
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TempFile() {
    for (const auto& path : {path_, path_ + ".log"}) std::filesystem::remove(path);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class FilesTest : public ::testing::Test {
 protected:
  Suite suite_;

  Answer Created(const std::string& path, const std::string& body, http::HeaderList headers = {}) {
    auto answer = suite_.Call("POST", path, body, std::move(headers));
    EXPECT_EQ(answer.status, 200) << path << ": " << boost::json::serialize(answer.body);
    return answer;
  }
  std::string OpenCommunity(int capacity) {
    auto name = Created("/v1/communities?gateKind=GATE_KIND_QUESTIONS",
                        R"({"displayName": "文案人成长营", "template": "TEMPLATE_LEARNING_PYRAMID",
                            "purpose": "让写文案的同行每天学到一点", "product": "文案课"})")
                    .text("name");
    Created("/v1/" + name + "/groups",
            R"({"displayName": "一群", "channel": "CHANNEL_WECOM", "capacity": )" + std::to_string(capacity) + "}");
    return name;
  }
  Answer Finished(const std::string& import) {
    Answer answer;
    EXPECT_TRUE(testing::Eventually(
        [&] {
          answer = suite_.Call("GET", "/v1/" + import);
          return answer.status == 200 && answer.text("state") != "IMPORT_STATE_RUNNING";
        },
        60));
    return answer;
  }
  http::ClientResponse Download(const std::string& path) {
    auto got = http::Fetch("127.0.0.1", suite_.rest_port(), "GET", path, {{"Authorization", "Bearer " + suite_.key()}},
                           "", DeadlineIn(std::chrono::seconds(60)));
    EXPECT_TRUE(got.ok());
    return got.ok() ? *got : http::ClientResponse{};
  }
};

TEST_F(FilesTest, InPartsAndOutAgain) {
  const auto community = OpenCommunity(10'000), elsewhere = OpenCommunity(10'000);
  std::string file = "姓名,企微ID,标签,备注\r\n";
  for (int i = 0; i < 2000; ++i) {
    const auto n = std::to_string(i);
    file += "=书友" + n + ",wm" + n + ",读书；茶," + std::string(100, 'n') + "\r\n";
  }
  const auto upload =
      Created("/v1/" + community + "/memberUploads", R"({"size": )" + std::to_string(file.size()) + "}").text("name");
  const http::HeaderList csv{{"Content-Type", "text/csv"}};
  const auto part = [&](std::size_t at, std::size_t bytes) {
    return suite_.Call("POST", "/v1/" + upload + ":append?offset=" + std::to_string(at), file.substr(at, bytes), csv);
  };
  EXPECT_EQ(part(0, 100'000).text("receivedBytes"), "100000");
  const auto wrong = part(150'000, 100'000);
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.reason(), "UPLOAD_OFFSET_MISMATCH");
  const auto at = suite_.Call("GET", "/v1/" + upload).text("receivedBytes");
  EXPECT_EQ(part(std::stoul(at), std::string::npos).text("receivedBytes"), std::to_string(file.size()));

  const std::string rules =
      R"("badRows": "BAD_ROWS_SKIP", "mapping": ["display_name:姓名", "user_id:企微ID"], "channel": "CHANNEL_WECOM")";
  EXPECT_EQ(suite_.Call("POST", "/v1/" + upload + ":import", "{" + rules + "}").reason(), "MALFORMED_CSV");  // 备注
  auto import = Created("/v1/" + upload + ":import", "{" + rules + R"(, "ignoreUnknownColumns": true})");
  import = Finished(import.text("name"));
  EXPECT_EQ(import.number("importedCount"), 2000);
  EXPECT_EQ(import.text("processedBytes"), std::to_string(file.size()));

  const auto exported = Download("/v1/" + community + "/members:export");
  EXPECT_EQ(exported.status, 200);
  EXPECT_EQ(exported.Header("Content-Disposition"),
            "attachment; filename=\"members-" + community.substr(12) + ".csv\"");
  EXPECT_EQ(std::count(exported.body.begin(), exported.body.end(), '\n'), 2001);
  EXPECT_NE(exported.body.find("'=书友7,,wm7,"), std::string::npos);

  // The query names the same rules; the file of before, in one request, elsewhere.
  auto again = Created("/v1/" + elsewhere + "/memberImports?badRows=BAD_ROWS_SKIP", exported.body, csv);
  EXPECT_EQ(Finished(again.text("name")).number("importedCount"), 2000);
  auto mapped = Created("/v1/" + elsewhere +
                            "/memberImports?badRows=BAD_ROWS_SKIP&mapping=display_name:%E5%A7%93%E5%90%8D&mapping="
                            "user_id:ID&channel=CHANNEL_WECOM",
                        "姓名,ID\n小明,wm7\n阿杰,new\n", csv);
  EXPECT_EQ(mapped.body.at("columns").at(0).at("field").as_string(), "display_name");
  EXPECT_EQ(Finished(mapped.text("name")).number("badRowCount"), 1);
  const auto errors = Download("/v1/" + mapped.text("name") + ":errorFile");
  EXPECT_TRUE(errors.body.starts_with("\xef\xbb\xbf行号,文件中的行,列,原因,说明\r\n1,2,user_id,IDENTITY_TAKEN,"))
      << errors.body;
}

TEST_F(FilesTest, LantingctlSendsALargeFileInPartsAndImportsItOnce) {
  const auto community = OpenCommunity(1000);
  std::string file = "姓名,备注\n";
  for (int i = 0; i < 100; ++i) file += "书友" + std::to_string(i) + ",\"" + std::string(200'000, 'n') + "\"\n";
  const TempFile csv(file);
  const auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> args{std::getenv("LANTINGCTL"),
                                  "--membership",
                                  "127.0.0.1:" + std::to_string(suite_.grpc_port()),
                                  "--key",
                                  suite_.key(),
                                  "import",
                                  "--community",
                                  community,
                                  "--map",
                                  "display_name:姓名",
                                  csv.path()};
    args.insert(args.end(), more.begin(), more.end());
    std::filesystem::remove(csv.path() + ".log");
    testing::Child child(args, {}, csv.path() + ".log");
    EXPECT_TRUE(testing::Eventually([&] { return child.Ended(); }, 60));
    std::stringstream text;
    text << std::ifstream(csv.path() + ".log").rdbuf();
    return text.str();
  };
  EXPECT_NE(run({}).find("is not a column"), std::string::npos);
  EXPECT_NE(run({"--ignore-unknown-columns", "--validate-only"}).find("Would import 100 of 100 rows"),
            std::string::npos);
  for (int i = 0; i < 2; ++i) {
    const auto text = run({"--ignore-unknown-columns"});
    EXPECT_NE(text.find("Imported 100 of 100 rows"), std::string::npos) << text;
  }
  EXPECT_EQ(suite_.db().Query("SELECT count(*) FROM membership.member"), "100");
}

#ifdef LANTING_FAULTS
TEST_F(FilesTest, AProcessThatDiesWhileItReadsAnUploadImportsNobodyTwice) {
  const auto community = OpenCommunity(20'000);
  suite_.StartMembership(0, {{"LANTING_FAULT", "import.after_chunk:4"}});
  suite_.WaitReady(suite_.admin_port());
  const auto file = testing::PeopleCsv(testing::Nicknames(10'000));
  std::string upload, import;
  EXPECT_TRUE(testing::Eventually([&] {
    upload =
        suite_.Call("POST", "/v1/" + community + "/memberUploads", R"({"size": )" + std::to_string(file.size()) + "}")
            .text("name");
    return !upload.empty();
  }));
  Created("/v1/" + upload + ":append", file, {{"Content-Type", "application/octet-stream"}});
  import = Created("/v1/" + upload + ":import", R"({"badRows": "BAD_ROWS_SKIP"})").text("name");
  EXPECT_TRUE(testing::Eventually([&] { return suite_.membership().Ended(); }));
  EXPECT_EQ(suite_.db().Query("SELECT processed_count FROM membership.member_import"), "4000");
  suite_.StartMembership(0);
  EXPECT_EQ(Finished(import).number("importedCount"), 10'000);
  EXPECT_EQ(suite_.db().Query("SELECT count(*) FROM membership.member"), "10000");
}
#endif

}  // namespace
}  // namespace lanting
