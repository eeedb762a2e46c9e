-- What wrk is told: to POST the lines of the file named by the first argument one after the other,
-- if there is one, with the content type named by the second; and to report in numbers that need no
-- guessing. Each thread begins at another line, so that no two are at the same one.

local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(args)
    if not args[1] then
        return
    end
    local requests = {}
    wrk.headers["Content-Type"] = args[2]
    for line in io.lines(args[1]) do
        requests[#requests + 1] = wrk.format("POST", nil, nil, line)
    end
    local count = #requests
    local next = math.floor(number * count / 2)
    function request()
        next = next % count + 1
        return requests[next]
    end
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests": %d, "seconds": %.6f, "bytes": %d, "p50_ms": %.3f, "p99_ms": %.3f, ' ..
        '"errors": {"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}}\n',
        summary.requests, summary.duration / 1e6, summary.bytes,
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
