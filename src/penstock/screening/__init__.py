"""What is known about the parties: for now, whether listed owners restrict one of them (EAR Part 744)."""

from penstock.screening.graph import Holding, percent
from penstock.screening.ownership import Ownership, OwnershipLaw, ownership

__all__ = ["Holding", "Ownership", "OwnershipLaw", "ownership", "percent"]
