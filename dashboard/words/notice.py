"""What the page says above all figures, where they are not what a store would show. Pure."""

from collections.abc import Collection

from dashboard.figures.sites import Site

SIMULATED = "Simulated store: these figures come from a scripted demo, not from visitors."
PARTLY_SIMULATED = "Partly simulated: what is marked so comes from a scripted demo, not from visitors."
K_IS_1 = "Figures are shown from the first visit on; a store hides those of fewer than 5 visits."


def notice(sites: Collection[Site]) -> str:
    """One banner for all sites on the page; empty where nothing needs to be said."""
    simulated = [site.simulated for site in sites]
    about = ""
    if any(simulated):
        about = SIMULATED if all(simulated) else PARTLY_SIMULATED
    if any(site.k == 1 for site in sites):
        about += f" {K_IS_1}"
    return about.strip()
