"""Milepost: guides in the product, use per account, a health score that can be defended."""

__version__ = "0.1.0"
