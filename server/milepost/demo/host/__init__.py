"""Linden HR: the host product of the demo, a small product of its own that knows Milepost only as its customer does."""
