-- Notes that somebody has seen an alert, if it still stands as they saw it.
-- KEYS: how the camera's alerts stand, acknowledgements
-- ARGV: rule, since_ms of the raising that was seen, acknowledgement (JSON)
-- Returns 1 when noted, 0 when the alert is over or was raised anew since.
local stands = redis.call('HGET', KEYS[1], ARGV[1])
if not stands then return 0 end
local state = cjson.decode(stands)
-- 2^43 ms at most: exact as a double
if not state.raised or string.format('%.0f', state.since_ms) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
