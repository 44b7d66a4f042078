"""The link to one QuickBooks company: tokens, when and how to renew them. Talks only to ports."""
