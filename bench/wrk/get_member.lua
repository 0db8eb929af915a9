-- GET members named in BENCH_MEMBERS.
dofile(os.getenv("BENCH_DIR") .. "/wrk/common.lua")
local members = lines(os.getenv("BENCH_MEMBERS"))
local n = 0
function request()
  n = n + 1
  return wrk.format("GET", "/v1/" .. members[(n * 7919) % #members + 1], headers)
end
