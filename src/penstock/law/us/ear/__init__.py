"""Export Administration Regulations, 15 CFR parts 730-774, in CFR order."""
