"""`python -m stopintimidatie.cli`"""

from stopintimidatie.cli import main

main()
