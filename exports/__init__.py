"""What leaves the house: the report (PDF), its charts and its data."""
