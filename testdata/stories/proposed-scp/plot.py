"""The plot of `proposed-scp`: every call, each with what a replay should say of it, from the modules that tell them."""

import others
import people
import workloads
from cast import plot

TOLD = (workloads, people, others)

__all__ = ["TOLD", "plot"]
