"""What it adds up to: indicators, statistics, disclosure and the editions that freeze a month."""
