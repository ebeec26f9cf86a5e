"""The office's web pages, the JSON service behind them, and the widget for its own website."""
