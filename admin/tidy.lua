-- Forgets what waits to be told of an erased time, and makes the partition's owner read again how things stand.
-- KEYS: epoch, the camera's outlet
-- ARGV: from, to (UTC ms)
-- Returns how many waiting cells went.
local gone = 0
local fields = redis.call('HGETALL', KEYS[2])
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 5) == 'cell:' then
    local cell = cjson.decode(fields[i + 1])
    if cell.from_ms < tonumber(ARGV[2]) and cell.to_ms > tonumber(ARGV[1]) then
      redis.call('HDEL', KEYS[2], fields[i])
      gone = gone + 1
    end
  end
end
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('INCR', KEYS[1]) end
return gone
