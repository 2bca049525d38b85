-- Erases one local day, or a part of it, of a camera and its zones: all or nothing, and not twice.
-- KEYS: mark of the last step, then the chunks that are changed
-- ARGV: token of this step, how long the mark stays (ms), then operations, each: name, index in KEYS, values
--         expect: offset, end (exclusive), bytes   what a chunk holds there; the day is read again if it does not
--         less:   count, then position, amount     takes amounts off a packed row, if it is still there
--         blank:  offset, end (exclusive)          zeros, as far as the chunk goes
--         drop:                                    the whole chunk
-- Returns 1 when it is erased, by this call or by an earlier one with the same token, 0 when nothing was changed.
-- Amounts stay strings throughout: Lua's numbers are doubles.
if redis.call('GET', KEYS[1]) == ARGV[1] then return 1 end

local at
local function take()
  at = at + 1
  return ARGV[at]
end

at = 2
while at < #ARGV do
  local operation, key = take(), KEYS[tonumber(take())]
  if operation == 'expect' then
    local first, last = tonumber(take()), tonumber(take()) - 1
    if redis.call('GETRANGE', key, first, last) ~= take() then return 0 end
  elseif operation == 'less' then at = at + 1 + 2 * tonumber(ARGV[at + 1])
  elseif operation == 'blank' then at = at + 2 end
end

at = 2
while at < #ARGV do
  local operation, key = take(), KEYS[tonumber(take())]
  if operation == 'expect' then at = at + 3
  elseif operation == 'less' then
    local call = {}
    for _ = 1, tonumber(take()) do
      local n = #call
      call[n + 1], call[n + 2], call[n + 3], call[n + 4] = 'INCRBY', 'i64', '#' .. take(), '-' .. take()
    end
    -- a day may be kept no more while its hours are: nothing is to come to life
    if redis.call('EXISTS', key) == 1 then redis.call('BITFIELD', key, unpack(call)) end
  elseif operation == 'blank' then
    local first, last = tonumber(take()), tonumber(take())
    last = math.min(last, redis.call('STRLEN', key))
    if first < last then redis.call('SETRANGE', key, first, string.rep('\0', last - first)) end
  elseif operation == 'drop' then redis.call('DEL', key)
  else error('unknown operation ' .. operation) end
end

redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
