"""Periods of objections, complaints and of taking a withdrawal back, in working days. The municipality sets them."""

from __future__ import annotations

from .environment import env

# From the refusal, the return, or the day the fee was worked out.
OBJECTION_DAYS = {
    "refusal": env.int("OBJECT_TO_REFUSAL_DAYS", default=30),
    "return": env.int("OBJECT_TO_RETURN_DAYS", default=10),
    "fee": env.int("OBJECT_TO_FEE_DAYS", default=30),
}
# No objection waits longer than this for its decision, whatever is set.
MAX_OBJECTION_DECISION_DAYS = 15
OBJECTION_DECISION_DAYS = min(env.int("OBJECTION_DECISION_DAYS", default=15), MAX_OBJECTION_DECISION_DAYS)
# After so many a complaint about lateness goes to the next level.
COMPLAINT_ANSWER_DAYS = env.int("COMPLAINT_ANSWER_DAYS", default=5)
# For so long an owner can take a withdrawal back.
RESUME_WITHDRAWN_DAYS = env.int("RESUME_WITHDRAWN_DAYS", default=30)
