"""The report to the leaders: counted (`making`), then said in words (`wording`) and in tables (`tables`)."""
