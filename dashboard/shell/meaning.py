"""What the figures of each page mean, and what they do not."""

from typing import Final

import streamlit as st

A_FACE: Final = """
**A face is not a feeling.** Expressed mood is what faces show to a camera, as a model reads them. It does
not say what somebody feels, and nothing here is about a single person.
"""

VISITS: Final = """
**A visit** is one face at one camera for one time. Who comes back, or passes two cameras, is another visit:
visits are not people.
"""

FEW: Final = """
**Few visits stay hidden.** Where there are fewer visits than may be shown, hours are joined with the next
ones, or left out. That lowers what could be learnt about one visitor; it does not make the figures
anonymous.
"""

GAPS: Final = """
**A gap is not a zero.** Where it is shaded no camera looked; where a line ends nobody was seen.
"""

USUAL: Final = """
**Usual** is the same weekday of the eight weeks before. A day is called higher or lower only where it lies
outside of what these days let one expect 19 times out of 20. What made the difference, one day cannot say.
"""

BAND: Final = """
**The band** around the line is where the mood of so many visits lies 95 times out of 100: few visits, wide
band. It knows nothing of mistakes that the model always makes.
"""

CORRECTED: Final = """
**Corrected shares** take out the mistakes that the model is known to make, as measured on pictures that
people had labelled. They are an estimate, and less certain than the shares as read; their interval knows how
many visits there were, but not how well the mistakes were measured.
"""

HOURS: Final = """
**Each field** is one hour of the week, over all weeks of the period. Visits are counted for each hour in
which the site was open and a camera looked, so that holidays and outages do not make an hour look quiet.
"""

PLACES: Final = """
**Places differ for many reasons**: who comes, the light, how a camera hangs and how well it sees faces. A
difference is a reason to look; it is no mark for the people who work there.
"""

INTERVALS: Final = """
**The line through a point** is its 95% interval. Where lines overlap, the order may be chance.
"""

FRAMES: Final = """
**Now is weighted by frames**: every face in every picture counts alike, so who stays long counts more. All
other pages count a visit once, however long it is.
"""

COVERAGE: Final = """
**Coverage** is the share of the open time and of the pictures with faces that the figures rest on. What is
missing is told here, and never counted as a zero.
"""

CLOCKS: Final = """
**Clocks** matter because a camera says itself when it saw something. Of a camera whose clock is more than
five minutes ahead, or an hour behind, nothing is taken.
"""

RULES: Final = """
**A rule** looks at windows of time with enough visits in them. That it finds something is a reason to look,
not a judgement: of a figure that goes up and down, some windows are always low.
"""

BY_DAYS: Final = """
**Days are compared, not visits**, because one day differs from another for many reasons: two like weeks
differ by something, too. “No reliable difference” means that days differ as much anyway; it does not prove
that there is none. Of three figures that are compared, one is called different by chance about once in
seven events. What else changed on these days, the figures cannot know.
"""

RESTS_ON: Final = """
**What a figure rests on** stands beside it. The more visits, the narrower the 95% interval. Of a visit
**without a clear expression** the model found none likelier than all others together; where these are many,
look at the light and at how the camera hangs. The model has a name: where another one takes its place, faces
may be read a little differently from that day on.
"""

ONE_FACE: Final = """
**The live view shows single faces**, which no other page does, whatever the least number of visits is. So
it is there only where somebody at the camera has turned it on, for ten minutes, and nothing of it is
stored.
"""

ONE_PICTURE: Final = """
**A label is a guess from one picture**, of what a face shows and not of what somebody feels: the expression
that the model finds likeliest, and how likely. Below 50% it says “uncertain”. It may change with the next
picture; the figures of the other pages rest on many.
"""

MEANING: Final = {
    "now": (A_FACE, FRAMES, RESTS_ON, VISITS, FEW),
    "cameras": (COVERAGE, CLOCKS, FEW),
    "alerts": (A_FACE, RULES, FEW),
    "events": (A_FACE, BY_DAYS, VISITS, FEW),
    "yesterday": (A_FACE, RESTS_ON, VISITS, USUAL, FEW),
    "trends": (A_FACE, RESTS_ON, BAND, CORRECTED, VISITS, GAPS, FEW),
    "heatmap": (A_FACE, HOURS, VISITS, FEW),
    "live": (ONE_FACE, ONE_PICTURE),
    "compare": (A_FACE, PLACES, INTERVALS, RESTS_ON, VISITS, FEW),
}
"""Page → paragraphs, Markdown."""


def show_meaning(page: str) -> None:
    """What the figures of a page mean and do not mean.

    Args:
        page: key of ``MEANING``.
    """
    with st.expander("What this means and what it does not"):
        st.markdown("\n".join(MEANING[page]))
