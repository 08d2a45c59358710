"""From raw material to examples: a card says what a data set is, an adapter selects it, one cast enforces it.

`cards` reads the cards, `adapt` runs an adapter and keeps its result, `contract` is what every result must
hold, `diagnose` finds the line of a bad file, and `cldr` with `phrases` is the material that ships.
"""
