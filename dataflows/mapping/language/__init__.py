"""The expressions of Adobe's Data Prep: text → nodes → checked nodes → values, by row or by column.

``compile_expression`` reads and checks; a ``Program`` runs. A new function is an entry in ``functions/``; it may also
get a kernel that computes whole blocks. No ``eval``: nothing of Python can be reached from an expression.
"""

from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.functions import FUNCTIONS
from dataflows.mapping.language.operators import OPERATORS, Operator
from dataflows.mapping.language.parsing import ExpressionInvalid, parse
from dataflows.mapping.language.program import Program, compile_expression
from dataflows.mapping.language.rowwise import RunFacts

__all__ = [
    "FUNCTIONS",
    "OPERATORS",
    "Example",
    "ExpressionInvalid",
    "Function",
    "Operator",
    "Parameter",
    "Program",
    "RunFacts",
    "compile_expression",
    "parse",
]
