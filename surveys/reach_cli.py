"""Commands of the survey's ways out: hand-over, mail, posters, slips, telephone, places without signal. Joined by ``surveys.cli``."""

groups: tuple[object, ...] = ()
