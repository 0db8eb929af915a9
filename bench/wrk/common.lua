-- What the scripts share: targets from files named in the environment, and one JSON line at the end.
function lines(path)
  local out = {}
  for line in io.lines(path) do out[#out + 1] = line end
  return out
end

headers = {
  ["Authorization"] = "Bearer " .. os.getenv("LANTING_KEY"),
  ["Content-Type"] = "application/json",
}
run = os.getenv("BENCH_RUN") or "run"

function done(summary, latency, requests)
  -- Only what was done counts: a refusal is cheap.
  local errors = summary.errors
  local answered = summary.requests - errors.status
  io.write(string.format(
    '{"requests":%d,"seconds":%.3f,"requests_per_second":%.1f,"p50_ms":%.3f,"p99_ms":%.3f,"errors":%d}\n',
    answered, summary.duration / 1e6, answered / (summary.duration / 1e6),
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
