import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.mapping.paths import PathInvalid, parse_source, parse_target, write_source, write_target


class TestSourcePaths:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("event", ("event",)),
            ("properties.$insert_id", ("properties", "$insert_id")),
            ("properties.größe", ("properties", "größe")),
            ("properties.${Plan Type}", ("properties", "Plan Type")),
            ("${properties.Plan Type}", ("properties", "Plan Type")),
            ("${properties.a\\.b}", ("properties", "a.b")),
            ("properties.a\\.b", ("properties", "a.b")),
            ("properties.${a\\}b\\\\c}", ("properties", "a}b\\c")),
            ("properties.utm\\-source", ("properties", "utm-source")),
            ("properties.tags[0]", ("properties", "tags", 0)),
            ("properties.items[2].sku", ("properties", "items", 2, "sku")),
            ("properties.grid[1][0]", ("properties", "grid", 1, 0)),
            ("properties.${size}", ("properties", "size")),
        ],
    )
    def test_are_read(self, text, parts):
        assert parse_source(text) == parts

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("", 0),
            ("properties.", 11),
            ("properties..a", 11),
            ("properties.utm-source", 14),
            ("properties.Plan Type", 15),
            ("properties.2nd", 11),
            ("properties.${Plan Type", 11),
            ("properties.${}", 13),
            ("properties.a\\", 12),
            ("properties.${a\\x}", 14),
            ("properties.a[*]", 12),
            ("properties.a[-1]", 12),
            ("properties.a[0]b", 15),
        ],
    )
    def test_point_at_the_mistake(self, text, position):
        with pytest.raises(PathInvalid) as caught:
            parse_source(text)
        assert caught.value.position == position
        assert str(caught.value).endswith(f"\n{text}\n{' ' * position}^")

    @given(st.lists(st.text(min_size=1), min_size=1, max_size=4).map(tuple))
    def test_written_and_read_give_the_same_names(self, names):
        assert parse_source(write_source(names)) == names


class TestTargetPaths:
    def test_are_read(self):
        assert parse_target("_acme.item_price") == ("_acme", "item_price")
        assert parse_target("items[0].SKU") == ("items", 0, "SKU")
        assert parse_target("items[*].names[*]") == ("items", "*", "names", "*")

    @pytest.mark.parametrize("text", ["_acme.item_price", "items[0].SKU", "items[*].names[*]"])
    def test_written_and_read_are_the_same(self, text):
        assert write_target(parse_target(text)) == text

    @pytest.mark.parametrize(("text", "position"), [("", 0), ("a.", 2), ("a b", 1), ("$a", 0)])
    def test_point_at_the_mistake(self, text, position):
        with pytest.raises(PathInvalid) as caught:
            parse_target(text)
        assert caught.value.position == position
