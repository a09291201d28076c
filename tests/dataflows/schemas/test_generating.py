import pytest

from dataflows.mapping.casts import CastError, cast
from dataflows.schemas import XdmSchema
from dataflows.schemas.building import new_document, with_field
from dataflows.schemas.generating import Seen, propose
from dataflows.schemas.xdm import EXPERIENCE_EVENT

JSON = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


def fits(value, shape):
    try:
        cast(value, shape)
    except CastError:
        return False
    return True


def seen(name, *values):
    names = ("properties", *name.split("/"))
    kinds = [JSON[type(value)] for value in values]
    shares = {kind: kinds.count(kind) / len(kinds) for kind in sorted(set(kinds), key=kinds.count, reverse=True)}
    return Seen(".".join(names), names, shares, 1.0, values)


def proposed(*fields):
    return {proposal.path: proposal for proposal in propose(fields, fits)}


class TestTypes:
    @pytest.mark.parametrize(
        ("values", "kind"),
        [
            ((True, False), "boolean"),
            ((1, 2), "long"),
            ((1, 2.5), "double"),
            (("a", "b"), "string"),
            (("1", "2"), "string"),
            (("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123+01:00"), "date-time"),
            (("2026-01-02", "2026-01-03"), "date"),
            (("2026-01-02", "soon"), "string"),
            ((1, "2"), "long"),
            ((9.5, "10"), "double"),
            ((9.5, "n/a"), "string"),
            ((2**60 + 1, 1.5), "string"),
            ((), "string"),
            ((["a"], ["b", "c"]), "array"),
            (({},), "map"),
        ],
    )
    def test_the_narrowest_that_holds_every_value(self, values, kind):
        found = proposed(seen("x", *values))[("x",)]
        assert (found.kind, found.fitting) == (kind, 1.0)

    def test_a_mixture_that_nothing_holds_says_how_much_fits(self):
        found = proposed(seen("x", True, "maybe", "sure", "perhaps"))[("x",)]
        assert (found.kind, found.fitting) == ("string", 0.75)

    def test_a_handful_of_mistakes_does_not_make_numbers_text(self):
        found = proposed(seen("time", *range(99), "never"))[("time",)]
        assert (found.kind, round(found.fitting, 2), found.unfit) == ("long", 0.99, ("never",))

    def test_numbers_with_many_texts_between_them_are_text(self):
        assert proposed(seen("plan", *range(90), *["none"] * 10))[("plan",)].kind == "string"

    def test_whole_numbers_with_a_few_fractions_keep_these(self):
        assert proposed(seen("price", *range(99), 1.5))[("price",)].kind == "double"

    def test_objects_in_arrays_keep_their_names_and_tell_which_cannot_be_kept(self):
        found = proposed(seen("items", [{"sku": "a", "price": 1}, {"sku": "b", "price": 2.5, "the size": "L"}]))
        proposal = found[("items",)]
        assert proposal.kind == "object array"
        assert proposal.node["items"]["properties"].keys() == {"sku", "price"}
        assert proposal.node["items"]["properties"]["price"]["type"] == "number"
        assert proposal.left_out == ("the size",)


class TestNames:
    def test_are_made_legal_and_distinct(self):
        found = proposed(
            seen("$insert_id", "a"), seen("Plan Type", "x"), seen("plan type", "x"), seen("insert_id", "b")
        )
        assert list(found) == [("insert_id",), ("plan_type",), ("plan_type_2",), ("insert_id_2",)]

    def test_objects_become_objects_of_what_lies_in_them(self):
        found = proposed(seen("cart", {"Total Sum": 1}), seen("cart/Total Sum", 1), seen("city", "x"))
        assert list(found) == [("cart", "total_sum"), ("city",)]

    def test_the_event_is_called_as_adobe_does(self):
        found = propose([Seen("event", ("event",), {"string": 1.0}, 1.0, ("Purchase",))], fits)
        assert found[0].path == ("event_name",)


def test_everything_proposed_is_a_schema():
    document = new_document("S", "", EXPERIENCE_EVENT, [], tenant="acme", key="1")
    fields = [
        seen("a b", 1),
        seen("tags", ["x"]),
        seen("cart", {"n": 1}),
        seen("cart/n", 1),
        seen("items", [{"sku": "a", "more": [{"x": [1]}]}]),
        seen("mixed", [1, "a", {"b": 1}]),
        seen("empty", []),
        seen("город", "x"),
    ]
    for proposal in propose(fields, fits):
        document = with_field(document, ("_acme", *proposal.path), proposal.node)
    assert XdmSchema.from_json(document).arrow_schema()
