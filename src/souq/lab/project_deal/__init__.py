"""The analysis of experiments like Project Deal, from tidy rows to its published tables."""

from souq.lab.project_deal.analysis import Analysis as Analysis
from souq.lab.project_deal.analysis import Line as Line
from souq.lab.project_deal.analysis import PairingLine as PairingLine
from souq.lab.project_deal.analysis import RunLine as RunLine
from souq.lab.project_deal.analysis import analyse as analyse
from souq.lab.project_deal.evidence import Evidence as Evidence
from souq.lab.project_deal.evidence import Layout as Layout
from souq.lab.project_deal.evidence import read_evidence as read_evidence
from souq.lab.project_deal.page import page_of as page_of
from souq.lab.project_deal.page import told as told
from souq.lab.project_deal.published import PUBLISHED as PUBLISHED
from souq.lab.project_deal.published import PUBLISHED_PAIRINGS as PUBLISHED_PAIRINGS
from souq.lab.project_deal.published import PUBLISHED_RUNS as PUBLISHED_RUNS
