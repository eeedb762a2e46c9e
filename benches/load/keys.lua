-- As load.lua; but each request has a key of its own in X-Api-Key: one after the other of as many as
-- the first argument says, from the one that the second says, in steps so large that neighbours are far
-- apart.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "load.lua")

local step = 736481 -- a prime, so that all have their turn

function init(args)
    local count = tonumber(args[1])
    local key = tonumber(args[2])
    wrk.headers["X-Api-Key"] = "KEY"
    local text = wrk.format("GET")
    local from, to = text:find("KEY", 1, true)
    local head, tail = text:sub(1, from - 1), text:sub(to + 1)
    function request()
        key = (key + step) % count
        return head .. string.format("key%08d", key) .. tail
    end
end
