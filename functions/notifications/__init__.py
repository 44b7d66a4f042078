"""What a committed change calls for: mails and outgoing events. The table's stream is the outbox."""
