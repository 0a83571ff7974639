"""Alerts as the API shows and changes them: rules, messages, decisions, mutes, acknowledgements."""
