-- The request of BENCH_METHOD, BENCH_PATH and the file BENCH_BODY, over and over.
dofile(os.getenv("BENCH_DIR") .. "/wrk/common.lua")
local body = os.getenv("BENCH_BODY") and io.open(os.getenv("BENCH_BODY"), "rb"):read("*a")
local text
function init()  -- not before: the Host header is known only now
  text = wrk.format(os.getenv("BENCH_METHOD"), os.getenv("BENCH_PATH"), headers, body)
end
function request() return text end
