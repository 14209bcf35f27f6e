/**
 * Writes windows, the highest revision winning, in one step that nothing can come between.
 *
 * Per window two keys: the series, a sorted set of points by start of window, and the hash of the newest point of each metric key.
 * A point is `[start,revision,...]`: the script reads these two numbers and no other, so no value passes through Lua's numbers.
 *
 * ZADD comes before ZREM: once a script has removed something, Redis no longer refuses it for lack of memory.
 *
 * ARGV: channel (empty: tell nobody), then per window: start, revision, bound, field, point, head.
 * Returns how many were applied, stale and expired.
 */
export const WRITE_SCRIPT = `
local channel = ARGV[1]
local applied, stale, expired = 0, 0, 0
local news = {}
for i = 1, #KEYS / 2 do
  local series, latest = KEYS[2 * i - 1], KEYS[2 * i]
  local at = 1 + (i - 1) * 6
  local start, revision, bound = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local field, point, head = ARGV[at + 4], ARGV[at + 5], ARGV[at + 6]
  local newest = tonumber(redis.call('ZREVRANGE', series, 0, 0, 'WITHSCORES')[2] or start)
  if tonumber(start) <= newest - bound then
    expired = expired + 1
  else
    local isNewest = tonumber(start) >= newest
    local held = redis.call('ZRANGEBYSCORE', series, start, start)[1]
    local entry = '[' .. head .. ',' .. point .. ']'
    if held and tonumber(string.match(held, '^%[%-?%d+,(%d+)')) >= revision then
      stale = stale + 1
      if isNewest then redis.call('HSETNX', latest, field, '[' .. head .. ',' .. held .. ']') end
    else
      applied = applied + 1
      redis.call('ZADD', series, start, point)
      if held then redis.call('ZREM', series, held) end
      if isNewest then
        redis.call('ZREMRANGEBYSCORE', series, '-inf', string.format('%.0f', tonumber(start) - bound))
        redis.call('HSET', latest, field, entry)
      end
      news[#news + 1] = entry
    end
  end
end
if channel ~= '' and #news > 0 then
  redis.call('PUBLISH', channel, '[' .. table.concat(news, ',') .. ']')
end
return {applied, stale, expired}
`;
