-- What wrk sends, as its arguments say, and its figures as JSON. `%d` in a path is a random id, or if
-- it is to be deleted, one after the other; where no path is given to be read, one of those on standard input is, at random.
local json = { ["Content-Type"] = "application/json" }
local body = '{"text": "thing %d lorem ipsum dolor sit amet"}'
local paths = {}
local number, things, reads, read_path, write_method, write_path, next_id

function init(arguments)
   things, reads = tonumber(arguments[2]), tonumber(arguments[3])
   read_path, write_method, write_path = arguments[4], arguments[5], arguments[6]
   next_id = tonumber(arguments[7])
   math.randomseed(tonumber(arguments[1]))
   number = tonumber(arguments[1]) * 10000000  -- no text is sent twice in all rounds
   if read_path == "" then
      for path in io.lines() do paths[#paths + 1] = path end
   end
end

function request()
   local id = math.random(things)
   if math.random(100) <= reads then
      return wrk.format("GET", paths[id % #paths + 1] or read_path:format(id))
   end
   if write_method == "DELETE" then
      next_id = next_id + 1
      return wrk.format("DELETE", write_path:format(next_id - 1))
   end
   number = number + 1
   return wrk.format(write_method, write_path:format(id), json, body:format(number))
end

function done(summary, latency)
   local errors = summary.errors
   local sockets = errors.connect + errors.read + errors.write + errors.timeout
   io.write(string.format(
      '{"seconds": %f, "answers": %d, "refused": %d, "broken": %d, "p99_ms": %f}\n',
      summary.duration / 1e6, summary.requests, errors.status, sockets,
      latency:percentile(99) / 1e3
   ))
end
