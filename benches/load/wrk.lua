-- What wrk sends and counts, for traffic.py: lines of REQUESTS ("method path body cookie", with tabs between) in turn. With CHAIN set each line
-- is a refresh token instead, which its answer replaces. A good answer has status 200 and, with WANTS, that header.
local threads, number = {}, 0

function setup(thread)
  thread:set("place", number)
  number = number + 1
  table.insert(threads, thread)
end

local headers = { ["Content-Type"] = "application/json", ["Sec-Fetch-Site"] = "same-origin" }
headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

local function written(line)
  local method, path, body, cookie = line:match("([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)")
  headers["Cookie"] = cookie ~= "" and cookie or nil
  return wrk.format(method, path, headers, body ~= "" and body or nil)
end

function init()
  chain, wants = os.getenv("CHAIN") == "1", os.getenv("WANTS")
  good, bad, first_bad, turn, waiting = 0, 0, "", place, {}
  local at, all = 0, tonumber(os.getenv("THREADS"))
  for line in io.lines(os.getenv("REQUESTS")) do
    -- A token is used by one thread only.
    if not chain then
      table.insert(waiting, written(line))
    elseif at % all == place then
      table.insert(waiting, line)
    end
    at = at + 1
  end
end

function request()
  if chain then
    local token = table.remove(waiting, 1)
    if not token then
      error("no refresh token is left: answers failed")
    end
    return wrk.format("POST", "/api/auth/token/refresh", headers, '{"refresh_token":"' .. token .. '"}')
  end
  turn = turn % #waiting + 1
  return waiting[turn]
end

function response(status, head, body)
  local next = chain and body:match('"refresh_token":"([^"]+)"')
  if status == 200 and (not wants or head[wants] or head[wants:lower()]) and (next or not chain) then
    good = good + 1
  else
    bad, first_bad = bad + 1, first_bad ~= "" and first_bad or (status .. " " .. body:sub(1, 200))
  end
  if next then
    table.insert(waiting, next)
  end
end

function done(summary, latency)
  local good, bad, first = 0, 0, ""
  for _, thread in ipairs(threads) do
    good, bad = good + thread:get("good"), bad + thread:get("bad")
    first = first ~= "" and first or thread:get("first_bad")
  end
  local errors = summary.errors
  io.stderr:write(string.format("%d %d %d %.6f %.3f %s\n", good, bad, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration / 1e6, latency:percentile(99) / 1000, first:gsub("%s+", " ")))
end
