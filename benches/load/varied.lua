-- As load.lua; but no two requests are alike: path, query, Host, header lines and their number, cookies
-- and bodies are drawn anew each time. One in ten is the last of its connection. The first argument is
-- the seed.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "load.lua")

local letters = "abcdefghijklmnopqrstuvwxyz0123456789"
local paths = {"/1k.txt", "/1k.txt", "/1k.txt", "/form", "/form", "/data.json"}

local function word(most)
    local made = {}
    for at = 1, math.random(1, most) do
        local one = math.random(#letters)
        made[at] = letters:sub(one, one)
    end
    return table.concat(made)
end

function init(args)
    math.randomseed(tonumber(args[1]))
    local usual = wrk.headers
    function request()
        local headers = {}
        for name, value in pairs(usual) do
            headers[name] = value
        end
        headers["Host"] = word(20) .. ".example.com"
        headers["Cookie"] = word(40) .. "=" .. word(200)
        headers["X-Api-Key"] = "key" .. math.random(20000)
        for _ = 1, math.random(0, 12) do
            headers["X-" .. word(16)] = word(120)
        end
        if math.random(10) == 1 then
            headers["Connection"] = "close"
        end
        local path = paths[math.random(#paths)] .. "?" .. word(16) .. "=" .. word(60)
        if path:sub(1, 5) == "/form" then
            return wrk.format("POST", path, headers, word(16):rep(math.random(1, 4000)))
        end
        return wrk.format("GET", path, headers)
    end
end
