"""What should have been paid.

Payer terms, fee schedules, Medicare, adjustment classes, dispute windows, and the repricer.
"""

from __future__ import annotations

from .causes import CAUSE_SCHEMA, GROUP_SCHEMA, explain_short
from .classes import CLASSES, adjustment_classes, provider_adjustment_classes, remark_classes
from .clocks import clocks, envelopes
from .denial_classes import STRATEGIES, denial_classes, denial_kinds, edit_rulings
from .denials import HELD_PAIR_SCHEMA, HELD_UNITS_SCHEMA, hold_denials
from .edits import PAIR_SCHEMA, UNITS_SCHEMA, hold_pairs, hold_units
from .frames import terms_frames
from .medicare_terms import MEDICARE_TERMS
from .practice import Clinician, Practice, Site, read_practice
from .problems import Problem, TermsError
from .read import parse_contract, read_terms
from .reductions import therapy_codes
from .reference import Reference, read_reference
from .reprice import LINE_SCHEMA, OUTPUT_SCHEMA, STEP_SCHEMA, Repriced, reprice
from .terms import Contract, ContractTerms, DisputeWindow, Terms
from .therapy import therapy_modifiers, therapy_thresholds
from .timed_units import MINUTES_SCHEMA, RULES, chosen_units, day_units, timed_codes, units_rules
from .windows import dispute_by, last_day

__all__ = [
    "CAUSE_SCHEMA",
    "CLASSES",
    "GROUP_SCHEMA",
    "HELD_PAIR_SCHEMA",
    "HELD_UNITS_SCHEMA",
    "LINE_SCHEMA",
    "MEDICARE_TERMS",
    "MINUTES_SCHEMA",
    "OUTPUT_SCHEMA",
    "PAIR_SCHEMA",
    "RULES",
    "STEP_SCHEMA",
    "STRATEGIES",
    "UNITS_SCHEMA",
    "Clinician",
    "Contract",
    "ContractTerms",
    "DisputeWindow",
    "Practice",
    "Problem",
    "Reference",
    "Repriced",
    "Site",
    "Terms",
    "TermsError",
    "adjustment_classes",
    "chosen_units",
    "clocks",
    "day_units",
    "denial_classes",
    "denial_kinds",
    "dispute_by",
    "edit_rulings",
    "envelopes",
    "explain_short",
    "hold_denials",
    "hold_pairs",
    "hold_units",
    "last_day",
    "parse_contract",
    "provider_adjustment_classes",
    "read_practice",
    "read_reference",
    "read_terms",
    "remark_classes",
    "reprice",
    "terms_frames",
    "therapy_codes",
    "therapy_modifiers",
    "therapy_thresholds",
    "timed_codes",
    "units_rules",
]
