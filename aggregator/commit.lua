-- Applies one fold of a partition, if nobody has owned or committed it since it was read: all or nothing.
-- KEYS: epoch, stream, then the keys that are changed
-- ARGV: expected epoch, consumer group, number of processed ids, ids, then operations,
--       each: name, index in KEYS, count, values
--         add: position, addition pairs into a packed chunk; the count is preceded by its expiry (UTC ms)
--         set: field, value pairs of a hash     del: fields of a hash     member: members of a set
--         post, keep: field and value of a new stream entry; preceded, instead of a count, by the stream's bound
-- Returns 0 when the epoch has moved on (nothing was changed), otherwise 1 + how many undelivered posts went
-- to make room.
-- Values stay strings throughout: Lua's numbers are doubles.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('INCR', KEYS[1])

local MOST = 4000  -- arguments in one call: Lua's stack holds fewer than 8,000
local at = 3
local function take()
  at = at + 1
  return ARGV[at]
end

-- Calls command(key, ...) with `count` values, in portions of whole pairs.
local function spread(command, key, count)
  for from = 1, count, MOST do
    local last = math.min(count, from + MOST - 1)
    redis.call(command, key, unpack(ARGV, at + from, at + last))
  end
  at = at + count
end

local function add(key, expires_at_ms, count)
  local call = {}
  for from = 1, count, 2 do
    local n = #call
    call[n + 1], call[n + 2], call[n + 3], call[n + 4] = 'INCRBY', 'i64', '#' .. take(), take()
    if n + 4 >= MOST or from + 2 > count then
      redis.call('BITFIELD', key, unpack(call))
      call = {}
    end
  end
  redis.call('PEXPIREAT', key, expires_at_ms)
end

-- Appends to a stream; how many of the oldest entries went.
local function append(key, bound)
  redis.call('XADD', key, '*', take(), take())
  return redis.call('XTRIM', key, 'MAXLEN', bound)
end

local dropped = 0
local ids = tonumber(ARGV[3])
local first_id, last_id = at + 1, at + ids
at = at + ids

while at < #ARGV do
  local operation, key = take(), KEYS[tonumber(take())]
  if operation == 'add' then
    local expires_at_ms = take()
    add(key, expires_at_ms, tonumber(take()))
  elseif operation == 'set' then spread('HSET', key, tonumber(take()))
  elseif operation == 'del' then spread('HDEL', key, tonumber(take()))
  elseif operation == 'member' then spread('SADD', key, tonumber(take()))
  elseif operation == 'post' then dropped = dropped + append(key, take())
  elseif operation == 'keep' then append(key, take())
  else error('unknown operation ' .. operation) end
end

for from = first_id, last_id, MOST do
  redis.call('XACK', KEYS[2], ARGV[2], unpack(ARGV, from, math.min(last_id, from + MOST - 1)))
end
return 1 + dropped
