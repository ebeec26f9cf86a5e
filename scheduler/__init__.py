"""When it speaks: calendar, reminders, assignments, delivery."""
