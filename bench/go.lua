-- Opens links that start sessions, each fewer than twenty times. Arguments: a file with a path per line.
local common = require("common")

function init(args)
  math.randomseed(os.time() + number)
  common.expect(302)
  paths, at = {}, 0
  local line_number = 0
  for line in io.lines(args[1]) do
    line_number = line_number + 1
    if line_number % 2 == number then table.insert(paths, line) end
  end
end

function request()
  at = at % #paths + 1
  return wrk.format("GET", paths[at], common.headers())
end
