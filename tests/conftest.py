"""Hypothesis profiles: ``house`` is reproducible and no clock decides what passes; ``thorough`` looks further, by request.

``pytest --hypothesis-profile=thorough tests/properties`` draws other and many more examples.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house", derandomize=True, deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", deadline=None, max_examples=3000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
