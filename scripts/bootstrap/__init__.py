"""What a machine needs before the product can start: Python packages, system libraries, styles.

Runs before anything is installed, so everything here is standard library only, and works on
every Python from 3.11 on. The scripts beside this folder are the doors to it.
"""
