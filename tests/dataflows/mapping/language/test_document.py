"""docs/expressions.md speaks of every function as the function browser does."""

from pathlib import Path

import pytest

from dataflows.mapping.language import FUNCTIONS

TEXT = (Path(__file__).parents[4] / "docs" / "expressions.md").read_text()


@pytest.mark.parametrize("name", sorted({function.name for function in FUNCTIONS.values()}))
def test_has_the_function(name):
    function = FUNCTIONS[name]
    if function.refused:
        assert f"| `{name}` | {function.refused} |" in TEXT
        return
    line = next(line for line in TEXT.splitlines() if line.startswith(f"| `{function.syntax}`"))
    assert line.endswith(f"| {function.description} |")
    assert all(f"`{alias}`" in line for alias in function.aliases)
