"""The whole of m3ter-quickbooks on a laptop: AWS emulator, QuickBooks simulator, demo."""
