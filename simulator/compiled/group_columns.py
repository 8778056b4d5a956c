"""What stands where in the arrays of `simulator.compiled.group_play`; times are in seconds."""

#: Rows of whole numbers of members: whether it is at work, the record it serves, the next one of what its
#: last poll returned and how many of these are left, how many records wait for a poll, how many were handed
#: out and are not committed, and its turn among its partitions.
BUSY, SERVED, NEXT, LEFT, WAITING, OPEN, TURN = range(7)
#: Rows of their times: when the service began; when something happens to it next (the end of the service or,
#: while it stands in a poll, the commit that is scheduled); when commits are due; when one is scheduled; and
#: its last poll.
BEGIN, CLOCK, NEXT_COMMIT, COMMIT_AT, LAST_POLL = range(5)
#: Rows of partitions: the first and the last record to be polled, how many there are, how many were
#: handed out and are not committed, and the lag.
FIRST, LAST, FRESH, HANDED_OUT, LAG = range(5)
#: When members commit: automatically after an interval, with the poll after, or with the poll itself.
AUTO, AFTER, BEFORE = range(3)
#: Columns of whole numbers of a mark, all of them since the beginning of what is played: records that came,
#: services that began and that ended, records and bytes that polls returned, polls of something, scheduled
#: commits; then values and peaks of the levels, and the peak of their sum.
CAME, BEGUN, ENDED, POLLED, BYTES, EVENTS, LEVELS = range(7)
#: Levels: what waits, what is held, the lag, servers at work; in a mark two columns for each.
QUEUE, HELD, GROUP_LAG, AT_WORK = range(4)
PRESENT_PEAK = LEVELS + 8
NUMBERS = PRESENT_PEAK + 1
#: Columns of times of a mark: for each level since when it has its value, its area, and when it had its peak;
#: when their sum had its peak; the sum of residence times.
PRESENT_AT, RESIDENCE = 12, 13
TIMES = 14
