"""From raw material to examples: a card says what a data set is, an adapter selects it, one cast enforces it.

`cards` reads the cards and `describe` writes their generated block; `adapt` keeps the result of `adapter`, which
runs the select, and of `contract`, which every result must hold; `diagnose` finds the line of a bad file. The
material that ships is CLDR's: `cldr` reads it, `holdout` splits it, `phrases` and `speech` build phrases of it.
"""
