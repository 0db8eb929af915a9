-- POST one join through the entry link of BENCH_LINK ("community code"), each with its own Idempotency-Key and identity.
dofile(os.getenv("BENCH_DIR") .. "/wrk/common.lua")
local community, code = lines(os.getenv("BENCH_LINK"))[1]:match("^(%S+) (%S+)$")
local n = 0
function request()
  n = n + 1
  headers["Idempotency-Key"] = run .. "-" .. n
  return wrk.format("POST", "/v1/" .. community .. "/inviteLinks:join", headers, string.format(
    '{"code":"%s","member":{"displayName":"杭州-青竹-出版%d","externalId":"%s-%d","acceptedRulesVersion":1,"identities":[{"channel":"CHANNEL_WECOM","userId":"wm-%s-%d"}]}}',
    code, n, run, n, run, n))
end
