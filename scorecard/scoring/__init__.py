"""Points: rule sets that turn counts into scores, as data; reading counts, scoring them, showing both."""
