"""How it went, in the applicant's own words: questionnaires, invitations, answers, and their privacy."""
