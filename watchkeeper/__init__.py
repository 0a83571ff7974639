"""The kernel of Watchkeeper: contracts, streams, storage. Every service uses it, it uses none of them."""

__version__ = "0.1.0"
