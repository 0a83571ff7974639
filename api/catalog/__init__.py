"""Facts about models, as the API tells them."""
