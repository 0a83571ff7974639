"""What happened, told to people: which of it, to whom, when, in which words, and that it arrives."""
