-- Appends one event to a partition's stream, exactly once.
-- KEYS: stream, [bitmap of events already in it]
-- ARGV: kind of the event, event (JSON), most entries, bit in the bitmap, its time to live in seconds
-- Returns 'new', 'duplicate' or 'full'.
if KEYS[2] and redis.call('GETBIT', KEYS[2], ARGV[4]) == 1 then return 'duplicate' end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 'full' end
if KEYS[2] then
  redis.call('SETBIT', KEYS[2], ARGV[4], 1)
  redis.call('EXPIRE', KEYS[2], ARGV[5])
end
redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[2])
return 'new'
