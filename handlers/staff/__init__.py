"""What staff and Văn phòng say to the bot: one file per conversation."""
