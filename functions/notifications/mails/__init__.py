"""The mails: from facts to subject, text and HTML. Pure; nothing here knows who gets one or how it travels."""
