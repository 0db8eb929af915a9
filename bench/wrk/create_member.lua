-- POST one member, each with its own Idempotency-Key, external id and identity, over the communities of BENCH_COMMUNITIES.
dofile(os.getenv("BENCH_DIR") .. "/wrk/common.lua")
local communities = lines(os.getenv("BENCH_COMMUNITIES"))
local n = 0
function request()
  n = n + 1
  headers["Idempotency-Key"] = run .. "-" .. n
  return wrk.format("POST", "/v1/" .. communities[n % #communities + 1] .. "/members", headers, string.format(
    '{"displayName":"深圳-晓雯-文案%d","externalId":"%s-%d","identities":[{"channel":"CHANNEL_WECOM","userId":"wm-%s-%d"}]}',
    n, run, n, run, n))
end
