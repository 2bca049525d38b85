"""How pages look, on screens and on paper. Streamlit brings the colours of light and dark."""

from typing import Final

from dashboard.charts.style import INDEX_COLOUR

PRIMARY_LIGHT: Final = "#ad2a66"
PRIMARY_DARK: Final = "#f08cb8"
"""Streamlit's colour of what is chosen: near to the mood index, and read on a light or a dark page."""

LOGO: Final = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 190 36">
<g fill="none" stroke="{INDEX_COLOUR}" stroke-linecap="round">
<circle cx="18" cy="18" r="14" stroke-width="4"/><path d="M11 20a8 8 0 0 0 14 0" stroke-width="3.4"/></g>
<text x="42" y="27" textLength="142" lengthAdjust="spacingAndGlyphs" font-size="27" font-weight="600"
 font-family="Helvetica, Arial, sans-serif" fill="{INDEX_COLOUR}">MoodLens</text></svg>"""

STYLE: Final = """<style>
.stMainBlockContainer {max-width: 74rem; padding-top: 3.5rem; padding-bottom: 5rem}
.stMainBlockContainer h1 {font-size: 2rem; padding-bottom: .2rem}
.stMainBlockContainer h3 {font-size: 1.25rem; padding-top: 1rem; padding-bottom: .1rem}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {color: inherit}
[data-testid="stCaptionContainer"] {opacity: .82}
[data-testid="stCode"] .token {color: inherit !important}
[data-testid="stCode"] pre, [data-testid="stCode"] code {
  white-space: pre-wrap !important; overflow-wrap: anywhere}
[data-stale="true"] {opacity: 1 !important}
[class*="st-key-hidden-"], [class*="st-key-paper-"] {display: none}
[data-testid="stLayoutWrapper"]:has(> [class*="st-key-hidden-"]) {display: none}
[data-testid="stSidebar"] [data-testid="stWidgetLabelRequired"] {display: none}
.st-key-notice [data-testid="stAlertContainer"] {padding: .35rem .8rem}
.st-key-notice p {font-size: .875rem}
.st-key-lead p {font-size: 1.15rem; line-height: 1.6}
.ml-print {font: inherit; font-size: .875rem; color: inherit; background: transparent; cursor: pointer;
  padding: .35rem .9rem; border: 1px solid rgba(128, 128, 128, .6); border-radius: .5rem}
@media (max-width: 640px) {
  .stMainBlockContainer {padding-top: 4.75rem}
  .stMainBlockContainer h1 {font-size: 1.7rem}
}
@media print {
  @page {margin: 14mm}
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"],
  [data-testid="stStatusWidget"], [data-testid="stElementToolbar"], .stDownloadButton,
  [data-testid="stExpandSidebarButton"], [class*="st-key-screen-"] {display: none !important}
  [class*="st-key-paper-"] {display: block}
  html, body, #root, .stApp, [data-testid="stAppViewContainer"], .stMain {
    position: static !important; display: block !important; height: auto !important;
    overflow: visible !important; background: #fff !important; color: #222 !important}
  .stMainBlockContainer {max-width: none; padding: 0; zoom: .8}
  .stMainBlockContainer * {color: #222 !important; border-color: #ccc !important}
  [data-testid="stHorizontalBlock"] {display: flex !important; flex-wrap: nowrap !important}
  [data-testid="stColumn"] {min-width: 0 !important; flex: 1 1 0 !important}
  [class*="st-key-figures-"] {display: flex !important; flex-wrap: nowrap !important}
  [class*="st-key-figures-"] > * {min-width: 0 !important; flex: 1 1 0 !important}
  [data-testid="stVegaLiteChart"] canvas {width: auto !important; height: auto !important; max-width: 100%}
  [data-testid="stMetricDelta"] {background: transparent !important; padding-left: 0}
  [data-testid="stVegaLiteChart"], [data-testid="stMetric"], [data-testid="stAlert"] {break-inside: avoid}
  h2, h3 {break-after: avoid}
}
</style>"""

DARK_STYLE: Final = """<style>
[data-testid^="stBaseButton-primary"] p {color: #171614}
@media print {
  [data-testid="stVegaLiteChart"] {filter: invert(1) hue-rotate(180deg) contrast(1.3)}
  .stMainBlockContainer [data-testid="stVegaLiteChart"] * {color: #edebe8 !important}
  .stMainBlockContainer [data-testid="stMetric"], .stMainBlockContainer [data-testid="stAlert"] > div {
    background: #f6f6f6 !important}
}
</style>"""
"""Beside ``STYLE`` where the page is dark; on paper, a chart's light text would not be seen."""
