import pytest

from dataflows.schemas.names import OWN_NAME, distinct, legal


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("$insert_id", "insert_id"),
        ("Plan Type", "plan_type"),
        ("planType", "planType"),
        ("utm-source", "utm-source"),
        ("mp_lib", "mp_lib"),
        ("_internal", "internal"),
        ("Größe (cm)", "groe_cm"),
        ("città", "citta"),
        ("город", "property"),
        ("$", "property"),
        ("", "property"),
        ("a.b[0]", "a_b_0"),
        ("__proto__", "proto__"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_name_becomes_legal(name, expected):
    assert legal(name) == expected
    assert OWN_NAME.fullmatch(legal(name))


def test_collisions_get_a_number_capitals_aside():
    assert distinct(["plan", "Plan", "plan_2", "PLAN"]) == ["plan", "Plan_2", "plan_2_2", "PLAN_3"]
