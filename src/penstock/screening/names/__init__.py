"""Names of parties in any script, brought to one comparable form and searched for on lists."""
