"""Copies of a running office, and how one is put back.

A backup is one zip: the database as it stood at one moment, the key that people's ids are hashed with, the
configuration (it holds no secrets), the office's own folders, and a manifest with the hash of each. Tokens
and passwords of the environment are not in it.

What a restore must never do is send something twice, for nobody can know what left between the backup and
the restore. So, in the copy and before it is put in place (bot.backup.settling):

- A message that was still to be sent, and could have gone by now, is uncertain: Văn phòng decides on each.
- What reminders and ladders had due up to now is written down as not to be sent any more; they go on from
  now.
- An approved notice whose time has come is a draft again; one that was leaving is paused.
- An update of a platform that had not been answered counts as answered. Telegram forgets what has been
  confirmed to it and sends again what has not, for at most a day; so what the database held at the moment of
  the restore still counts: its keys, with the answers that are on their way, are carried over. Where that
  database can't be read any more, what came in after the backup and was never confirmed may be answered
  again.
- A lane's fencing token is higher than any that was given out before, so that a process that still sends
  loses the lane, and books only what it knows of its own messages.
- What is stopped by a switch stays stopped.
- Numbers of assignments and notices that were given out are not given out again: buttons under old messages
  name them.
- Sessions, login links and one-time codes are ended: they may have been used or withdrawn since.

A running program sees the restored database whole or not at all: it is written through SQLite into the open
file, in one transaction. It keeps nothing of the database in memory from one message to the next, and its
planner and lanes look again within half a minute. Only the key is read at the start: with another key, or
other files of reminders and the calendar, the program is to be started again.
"""
