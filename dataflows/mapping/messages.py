"""What a person reads about each mapping problem and each reason for a rejected record."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.messages import Message
from dataflows.mapping.problems import Code, Refusal

MESSAGES: Mapping[str, Message] = {
    Code.SOURCE_TYPE_UNKNOWN: Message(
        "The source type of a mapping row is not known.",
        "A row takes a field (ATTRIBUTE), a fixed value (STATIC) or an expression (EXPRESSION).",
        "Choose one of these source types.",
    ),
    Code.EXPRESSION_INVALID: Message(
        "The expression of a calculated field cannot be used.",
        "It cannot be read, names something that does not exist, or gives a function what it does not take.",
        "Correct it at the mark. The list of functions shows how each is written.",
    ),
    Code.EXPRESSION_VARIES: Message(
        "An identifier may not change from run to run.",
        "The functions now(), timestamp() and uuid() give other values in the next run, so an event that is read again "
        "would get another identifier.",
        "Make the identifier of what the event itself has, such as tributary.event_id.",
    ),
    Code.IDENTIFIER_FIXED: Message(
        "An identifier may not be the same for every event.",
        "A fixed value, or an expression that reads nothing of the record, gives all events one identifier, so they "
        "could no longer be told apart.",
        "Make the identifier of what the event itself has, such as tributary.event_id.",
    ),
    Code.SOURCE_PATH_INVALID: Message(
        "The path of a source field cannot be read.",
        "Names with spaces, dashes or other signs must be wrapped.",
        "Write such a name as ${Plan Type}, and a dot inside a name as \\.",
    ),
    Code.SOURCE_TOO_LONG: Message(
        "A source is too long.",
        "A source has at most 4096 characters, as in Adobe Experience Platform.",
        "Shorten it.",
    ),
    Code.SOURCE_UNKNOWN: Message(
        "A source field does not exist.",
        "A Mixpanel record has event and properties; Tributary adds a few derived fields under tributary.",
        "Start the path with event, properties. or tributary.",
    ),
    Code.TARGET_PATH_INVALID: Message(
        "The path of a target field cannot be read.",
        "It has names, separated by dots.",
        "Choose the target field from the schema.",
    ),
    Code.TARGET_UNKNOWN: Message(
        "A target field is not in the schema.",
        "It was renamed, belongs to another schema, or is misspelt.",
        "Choose the target field from the schema.",
    ),
    Code.TARGET_IN_ARRAY: Message(
        "A single element of an array cannot be a target.",
        "This version fills arrays as a whole.",
        "Map a source array onto the whole target array.",
    ),
    Code.TARGET_TWICE: Message(
        "A target field is mapped twice.",
        "A target takes its value from one row only.",
        "Remove one of the rows.",
    ),
    Code.TARGET_OVERLAPS: Message(
        "An object and a field inside it are both mapped.",
        "Mapping the object already fills its fields of the same name.",
        "Keep either the row of the object or the rows of its fields.",
    ),
    Code.TARGET_IS_OBJECT: Message(
        "An object cannot be filled from this source.",
        "An object or a map takes the same-named fields of a source object; this source is a single value.",
        "Map onto a field inside the object.",
    ),
    Code.TARGET_TYPE: Message(
        "The types of source and target do not fit.",
        "No value of this source can ever become a value of this target.",
        "Choose a target of a fitting type.",
    ),
    Code.STATIC_INVALID: Message(
        "A fixed value does not fit its target.",
        "It cannot be read as the target's type, or the target allows only certain values.",
        "Correct the value.",
    ),
    Code.REQUIRED_UNMAPPED: Message(
        "A required target field is not mapped.",
        "No record could be loaded without it.",
        "Add a row for it. For _id and timestamp take tributary.event_id and tributary.timestamp.",
    ),
    Refusal.UNPARSABLE: Message(
        "A record could not be read.",
        "Its line is not valid JSON, or is nested too deep.",
        "The raw text is kept. If there are many, ask Mixpanel's support about that day.",
    ),
    Refusal.REQUIRED: Message(
        "A record lacks a value that is required.",
        "Event, properties, a usable time and the required target fields must be there.",
        "Look at the sample. Fix what sends these events, or map the target from a field that is always there.",
    ),
    Refusal.TRANSFORM: Message(
        "A value could not be turned into its target's type.",
        "An optional field is left empty with a warning; a required one rejects the record.",
        "Look at the sample. Make the row a calculated field that turns such values into what the target takes, or "
        "choose another source or target. Then reprocess.",
    ),
    Refusal.ENUM: Message(
        "A value is not among those that the schema allows.",
        "The target field is limited to a list of values.",
        "Correct the list in the schema or choose another source, then reprocess.",
    ),
}
