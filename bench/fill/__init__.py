"""`python -m bench.fill`: as many reports as wanted, over the whole country.

Reports come in batches: each is drawn, told and written by itself, in one transaction of its
holder, from a seed that follows from its own name. So memory doesn't grow with the number, what
was interrupted goes on where it stopped, and a batch may be made by any process.
"""

from __future__ import annotations

from bench.fill.maker import Order, fill, holders

__all__ = ["Order", "fill", "holders"]
