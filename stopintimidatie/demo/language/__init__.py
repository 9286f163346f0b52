"""The Dutch of the demo: word lists and sentence shapes of our own, and how they are joined.

Rules of the house hold here too: nobody's name, no plate, no origin, no religion.
"""
