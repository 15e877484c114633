"""Keys of the measurements by party, for pages that load no data library."""

PROVIDER = "provider"  # a kind of subject
PARTY, RECEIVER = "party", "receiver"  # a breakdown and its category
