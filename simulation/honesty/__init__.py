"""The proof: months drawn from a country whose truth is known, judged by the same code that judges real months.

``country``, ``draws``, ``people`` and ``tampering`` generate and know no formula of the scorecard; ``assess`` estimates and
generates nothing; ``prove`` joins the two.
"""
