"""One file per platform: what comes in becomes an Incoming, a Reply is rendered within the platform's
means."""
