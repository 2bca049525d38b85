-- Trims what is processed from a partition's stream; what is unread or pending always stays.
-- KEYS: stream
-- ARGV: consumer group, age (ms) from which processed entries go, length from which all of them go
local function parts(id)
  local ms, sequence = string.match(id, '^(%d+)-?(%d*)$')
  return tonumber(ms), tonumber(sequence) or 0
end

local function older(a, b)
  local a_ms, a_sequence = parts(a)
  local b_ms, b_sequence = parts(b)
  if a_ms < b_ms or (a_ms == b_ms and a_sequence < b_sequence) then return a end
  return b
end

local keep_from
for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  local facts = {}
  for i = 1, #group, 2 do facts[group[i]] = group[i + 1] end
  if facts['name'] == ARGV[1] then keep_from = facts['last-delivered-id'] end
end
if not keep_from then return 0 end

local pending = redis.call('XPENDING', KEYS[1], ARGV[1])
if pending[1] > 0 then keep_from = older(keep_from, pending[2]) end
if redis.call('XLEN', KEYS[1]) <= tonumber(ARGV[3]) then
  local now_ms = tonumber(redis.call('TIME')[1]) * 1000
  keep_from = older(keep_from, string.format('%.0f', now_ms - tonumber(ARGV[2])))
end
return redis.call('XTRIM', KEYS[1], 'MINID', keep_from)
