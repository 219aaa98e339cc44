"""What is usual: online anomaly models, each one pass, bounded, and repeatable to the last bit.

`base` is the interface that all of them share; `cusum` watches drift for slow leaks, `size` watches the amounts of
movements, `tail` turns scores into probabilities, `river_adapter` is the one door to river. `registry` lists the models
and `checks` is the suite that each of them passes. Nothing is imported here: river takes a second to load.
"""
