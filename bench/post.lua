-- Sends a filled form, a new request each time. Arguments: the path, the form token, this run's name.
local common = require("common")

function init(args)
  path = args[1]
  math.randomseed(os.time() + number)
  common.expect(303)
  form = "form_token=" .. args[2]
    .. "&customer_name=Maria+Example&customer_email=maria%40example.com&department=10"
    .. "&problem_description=The+printer+in+the+back+office+shows+a+red+light+since+this+morning%2C+and"
    .. "+nothing+that+I+print+comes+out.+I+have+switched+it+off+and+on+again."
    .. "&customer_number=" .. args[3] .. "-" .. number .. "-"
  sent = 0
end

function request()
  sent = sent + 1
  local headers = common.headers({["Content-Type"] = "application/x-www-form-urlencoded"})
  return wrk.format("POST", path, headers, form .. sent)
end
