-- Loads one page repeatedly. Arguments: the path.
local common = require("common")

function init(args)
  path = args[1]
  math.randomseed(os.time() + number)
  common.expect(200)
end

function request()
  return wrk.format("GET", path, common.headers())
end
