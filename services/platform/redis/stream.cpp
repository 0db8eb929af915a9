#include "platform/redis/stream.h"

#include <charconv>

namespace lanting::redis {

std::string StreamKey(std::string_view service, int bucket) {
  return "lanting:{" + std::string(service) + "." + std::to_string(bucket) + "}";
}

std::vector<std::string> StreamKeys(std::string_view service, int buckets) {
  std::vector<std::string> out;
  for (int i = 0; i < buckets; ++i) out.push_back(StreamKey(service, i));
  return out;
}

std::string DeadLetterKey(std::string_view consumer) { return "lanting:dlq:{" + std::string(consumer) + "}"; }

int BucketOf(std::string_view subject, int buckets) {
  std::uint64_t hash = 14695981039346656037u;
  for (unsigned char c : subject) hash = (hash ^ c) * 1099511628211u;
  return static_cast<int>(hash % static_cast<std::uint64_t>(buckets));
}

std::optional<StreamId> StreamId::Parse(std::string_view text) {
  StreamId out;
  const char* end = text.data() + text.size();
  auto first = std::from_chars(text.data(), end, out.ms);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  auto second = std::from_chars(first.ptr + 1, end, out.seq);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return out;
}

std::string StreamId::ToString() const { return std::to_string(ms) + "-" + std::to_string(seq); }

const std::string* Entry::Field(std::string_view name) const {
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2)
    if (fields[i] == name) return &fields[i + 1];
  return nullptr;
}

std::vector<Entry> ToEntries(Reply& reply) {
  std::vector<Entry> out;
  out.reserve(reply.items.size());
  for (auto& item : reply.items) {
    if (item.items.size() != 2) continue;
    Entry entry{.id = std::move(item.items[0].text)};
    for (auto& field : item.items[1].items) entry.fields.push_back(std::move(field.text));
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace lanting::redis
