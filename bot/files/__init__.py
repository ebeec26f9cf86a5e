"""Files that go out and come in: a chart, workbooks, lists of work to import, calendar feeds."""
