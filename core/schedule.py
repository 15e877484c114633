"""The monthly calendar of work: days of the month that follows, in Viet Nam. Data with defaults; an installation may set others."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.calendar import TIMEZONE, Month, after_working_days, next_working_day

Day = Annotated[int, Field(ge=1, le=28)]


class Schedule(BaseModel):
    """When each step of a month is due. Environment: ``TTHC_SCHEDULE='{"compute": 16, "hour": 7}'``; what is left out keeps its default.

    Nothing is published by it: it computes, and it reminds people.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    invite_until: Day = Field(default=3, description="last day on which end-points of the month before are still invited")
    flash: Day = Field(default=5, description="flash sheet with register figures only")
    survey_closes: Day = Field(default=17, description="answers given until the end of this day are counted")
    compute: Day = Field(default=18, description="the month is cut off and computed")
    comment_until: Day = Field(default=24, description="earliest end of the time for comments")
    comment_days: int = Field(default=5, ge=1, le=20, description="fewest working days for comments, the day of sending among them")
    sign: Day = Field(default=25, description="the report is to be signed")
    hour: int = Field(default=8, ge=0, le=23, description="hour of the day from which on the worker acts")
    remind_days: int = Field(default=2, ge=1, le=10, description="days before a deadline on which people are reminded")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = [self.invite_until, self.survey_closes, self.compute, self.comment_until, self.sign]
        if days != sorted(days) or self.flash > self.compute:
            raise ValueError("the steps of a month must follow each other: invite_until, survey_closes, compute, comment_until, sign")
        return self

    def day(self, month: Month, number: int) -> date:
        """That day of the following month."""
        return month.plus(1).first_day.replace(day=number)

    def moment(self, month: Month, number: int) -> datetime:
        """The hour on that day of the following month from which on the worker acts."""
        return datetime.combine(self.day(month, number), time(self.hour), TIMEZONE)

    def survey_end(self, month: Month) -> datetime:
        """First instant whose answers are not counted any more."""
        return datetime.combine(self.day(month, self.survey_closes) + timedelta(days=1), time(), TIMEZONE)

    def comment_end(self, month: Month, sent_on: date) -> date:
        """Last day for comments on a draft sent out on a day: the calendar's, or later so that no working day is lost."""
        return max(
            next_working_day(self.day(month, self.comment_until)),
            after_working_days(next_working_day(sent_on), self.comment_days - 1),
        )

    def sign_by(self, month: Month) -> date:
        """The day by which the report is to be signed: a working day after the last one for comments on a draft that went out in time."""
        comments = self.comment_end(month, self.day(month, self.compute))
        return max(next_working_day(self.day(month, self.sign)), next_working_day(comments + timedelta(days=1)))
