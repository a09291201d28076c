"""The mapping: rows of text → bound to a schema → a plan → records mapped, by row or by column.

``bind`` finds every problem of a mapping, ``compile_plan`` makes it ready, ``Plan.evaluate`` runs it over blocks
of an export and ``Plan.evaluate_record`` over one line, with the same result. No Django in here.
"""

from dataflows.mapping.bind import BoundMapping, MappingRow, bind, source_problems
from dataflows.mapping.evaluate import Evaluated
from dataflows.mapping.instants import TimeReading
from dataflows.mapping.keys import KEY_FIELDS
from dataflows.mapping.language import RunFacts
from dataflows.mapping.lines import Lines
from dataflows.mapping.plan import Plan, PreviewRow, compile_plan
from dataflows.mapping.problems import Code, MappingInvalid, Problem, Refusal, Rejected

__all__ = [
    "KEY_FIELDS",
    "BoundMapping",
    "Code",
    "Evaluated",
    "Lines",
    "MappingInvalid",
    "MappingRow",
    "Plan",
    "PreviewRow",
    "Problem",
    "Refusal",
    "Rejected",
    "RunFacts",
    "TimeReading",
    "bind",
    "compile_plan",
    "source_problems",
]
