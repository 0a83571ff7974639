"""What is known of models: who serves them, what they can do, how much they take, how long they stay."""
