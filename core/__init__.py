"""What every room stands on: settings, database, lake, calendar, access, keys and web helpers. Knows no domain."""
