// gcra.h for Redis: looks at two buckets and takes from both or from none.
//
// KEYS: of the key, of the tenant. ARGV: interval and full (gcra.h, microseconds) of the one, then of the other;
// interval 0: not counted. Answers whether it took (1 or 0), and how far the TAT of each was ahead of Redis' clock
// before. A value that is no number counts as none; one further ahead than a whole burst (the clock went back, the
// limit was lowered) is put right also when the request is refused, or it would stay there. A bucket that has filled
// again is the same as none, so it expires.
#pragma once

namespace lanting::gateway {

inline constexpr char kRateScript[] = R"lua(
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local ahead, allowed = {0, 0}, 1
for i = 1, 2 do
  local interval, full = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  if interval > 0 then
    local tat = tonumber(redis.call('GET', KEYS[i]) or 0) or 0
    ahead[i] = math.max(tat - now, 0)
    if ahead[i] > full then
      ahead[i] = full
      redis.call('SET', KEYS[i], string.format('%.0f', now + full), 'PX', math.ceil(full / 1000) + 1000)
    end
    if ahead[i] + interval > full then allowed = 0 end
  end
end
if allowed == 1 then
  for i = 1, 2 do
    local interval = tonumber(ARGV[2 * i - 1])
    if interval > 0 then
      local next = ahead[i] + interval
      redis.call('SET', KEYS[i], string.format('%.0f', now + next), 'PX', math.ceil(next / 1000) + 1000)
    end
  end
end
return {allowed, ahead[1], ahead[2]}
)lua";

}  // namespace lanting::gateway
