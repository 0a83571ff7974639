"""What applications install to be watched by Watchkeeper."""

__version__ = "0.1.0"

__all__ = ["__version__"]
