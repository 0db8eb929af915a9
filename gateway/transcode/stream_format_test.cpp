#include "gateway/transcode/stream_format.h"

#include <gtest/gtest.h>

namespace lanting::gateway {
namespace {

TEST(StreamFormatTest, AcceptChooses) {
  const struct {
    const char* accept;
    const char* type;
  } cases[] = {
      {"", "application/x-ndjson"},
      {"*/*", "application/x-ndjson"},
      {"application/json", "application/x-ndjson"},
      {"text/event-stream", "text/event-stream"},
      {"TEXT/Event-Stream; charset=utf-8", "text/event-stream"},
      {"text/html, text/event-stream;q=0.5", "text/event-stream"},
      {"text/event-stream;q=0", "application/x-ndjson"},
      {"text/event-stream;q=much", "application/x-ndjson"},
      {"text/event-stream;q=0.5, application/x-ndjson", "application/x-ndjson"},
      {"application/x-ndjson;q=0.5,text/event-stream", "text/event-stream"},
      {"text/*", "application/x-ndjson"},
  };
  for (const auto& c : cases) EXPECT_STREQ(StreamFormat(c.accept).content_type(), c.type) << c.accept;
}

TEST(StreamFormatTest, Forms) {
  const StreamFormat lines(""), events("text/event-stream");
  EXPECT_EQ(lines.Message(R"({"name":"兰亭"})"), "{\"result\":{\"name\":\"兰亭\"}}\n");
  EXPECT_EQ(lines.Fault(R"({"error":{}})"), "{\"error\":{}}\n");
  EXPECT_EQ(lines.Heartbeat(), "\n");
  EXPECT_EQ(events.Message(R"({"name":"兰亭"})"), "data: {\"name\":\"兰亭\"}\n\n");
  EXPECT_EQ(events.Fault(R"({"error":{}})"), "event: error\ndata: {\"error\":{}}\n\n");
  EXPECT_EQ(events.Heartbeat(), ": heartbeat\n\n");
}

}  // namespace
}  // namespace lanting::gateway
