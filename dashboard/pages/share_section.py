"""The seven expressions on a page: of a whole period, and over time."""

from typing import Final

import numpy as np
import streamlit as st

from dashboard.charts.shares import TOO_FEW, share_chart, shares_as_read, shares_corrected
from dashboard.charts.timeline import Timeline
from dashboard.figures.correction import WhyNot, corrected, find_soft_confusion, recover_shares
from dashboard.figures.queries import Answer
from dashboard.shell.context import Context
from dashboard.words.sentences import WHY_NOT_CORRECTED, percent
from runtime import figures

AS_READ: Final = "As read"
CORRECTED: Final = "Corrected"
LEFT_OUT: Final = ", as far as visits go: how well the model’s mistakes are known is not in it"


def show_shares(context: Context, now: Answer, timeline: Timeline) -> bool:
    """The seven expressions, of the whole period with intervals and over time.

    Returns:
        Whether they are corrected.
    """
    st.subheader("Expressions", anchor=False)
    as_read = shares_as_read(now.total)
    if not as_read:
        st.caption("There is a single visit: shares need two or more.")
        return False
    way = st.segmented_control(
        "Shares", (AS_READ, CORRECTED), default=AS_READ, required=True, key="shares", bind="query-params"
    )
    shares, over_time = as_read, figures.shares(timeline.rows)
    if way == CORRECTED:
        confusion = find_soft_confusion(context.client, context.chosen_cameras, now.question.span)
        if isinstance(confusion, WhyNot):
            st.info(WHY_NOT_CORRECTED[confusion])
        else:
            shares = shares_corrected(corrected(now.total, confusion), now.total)
            seen = ~np.isnan(over_time[:, 0])
            over_time[seen] = recover_shares(over_time[seen], confusion)
    left, right = st.columns((2, 3), gap="large")
    with left:
        st.caption(
            f"Of all visits of the period; lines: 95% interval{LEFT_OUT if shares is not as_read else ''} "
            f"(none: {TOO_FEW})."
        )
        st.altair_chart(
            share_chart(shares),
            key="shares total",
            alt=", ".join(f"{share.label} {percent(share.value)}" for share in shares),
        )
    with right:
        st.caption("Over time; pleasant expressions at the top.")
        st.altair_chart(
            timeline.shares(over_time), key="shares time", alt="Shares of the expressions over time"
        )
    return shares is not as_read
