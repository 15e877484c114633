"""What exists and what happened: units, procedures, offerings, state registers, submissions, dossiers."""
