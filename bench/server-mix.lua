-- SPDX-License-Identifier: MIT
-- For wrk: wrk ... -s server-mix.lua URL -- PERCENT [keep-alive]
-- Asks for / and in PERCENT of 100 requests, evenly spread, for /sleep; closes
-- each connection unless told otherwise; ends with one line of JSON.

function init(args)
	local percent = tonumber(args[1]) or 0
	local connection = args[2] == "keep-alive" and "keep-alive" or "close"
	local headers = { ["Connection"] = connection }
	local fast = wrk.format("GET", "/", headers)
	local slow = wrk.format("GET", "/sleep", headers)
	local owed = 0

	function request()
		owed = owed + percent
		if owed >= 100 then
			owed = owed - 100
			return slow
		end
		return fast
	end
end

-- a named function as well: wrk looks for it before it calls init()
function request() end

function done(summary, latency)
	local errors = summary.errors

	print(string.format('{"requests": %d, "seconds": %.6f, "p50_us": %.1f, '
		.. '"p99_us": %.1f, "max_us": %.1f, "connect_errors": %d, '
		.. '"read_errors": %d, "write_errors": %d, "status_errors": %d, '
		.. '"timeouts": %d}', summary.requests, summary.duration / 1e6,
		latency:percentile(50), latency:percentile(99), latency.max,
		errors.connect, errors.read, errors.write, errors.status,
		errors.timeout))
end
