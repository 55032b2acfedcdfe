-- Shared by all loads: a browser's headers behind a proxy, a count of right and wrong answers, and one line of
-- JSON at the end.
local common = {}

local threads = {}
wrong, seen = 0, 0

function common.headers(extra)
  local headers = extra or {}
  headers["Accept-Encoding"] = "gzip, deflate, br"
  headers["Accept-Language"] = "en-GB,en;q=0.9"
  headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) wrk"
  -- A separate client each time, so that the limit per client is checked but never reached.
  headers["X-Forwarded-For"] = string.format("10.%d.%d.%d",
    math.random(0, 255), math.random(0, 255), math.random(0, 255))
  return headers
end

function common.expect(status)
  function response(got)
    seen = seen + 1
    if got ~= status then
      wrong = wrong + 1
      last_wrong = got
    end
  end
end

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function done(summary, latency)
  local all_wrong, which = 0, 0
  for _, thread in ipairs(threads) do
    all_wrong = all_wrong + thread:get("wrong")
    which = thread:get("last_wrong") or which
  end
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "wrong": %d, "wrong_status": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    all_wrong, which, errors.connect + errors.read + errors.write + errors.timeout))
end

return common
