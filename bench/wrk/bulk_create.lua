-- POST 100 members a request.
dofile(os.getenv("BENCH_DIR") .. "/wrk/common.lua")
local communities = lines(os.getenv("BENCH_COMMUNITIES"))
local n = 0
function request()
  n = n + 1
  local members = {}
  for i = 1, 100 do
    members[i] = string.format(
      '{"displayName":"深圳-晓雯-文案%d","externalId":"%s-%d-%d","identities":[{"channel":"CHANNEL_WECOM","userId":"wm-%s-%d-%d"}]}',
      i, run, n, i, run, n, i)
  end
  headers["Idempotency-Key"] = run .. "-" .. n
  return wrk.format("POST", "/v1/" .. communities[n % #communities + 1] .. "/members:batchCreate", headers,
    '{"members":[' .. table.concat(members, ",") .. "]}")
end
