"""What a program's author reads about the codes that the API answers with. The codes are Adobe's."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.messages import Message

MESSAGES: Mapping[str, Message] = {
    "400003": Message(
        "The header x-gw-ims-org-id is missing.",
        "Every request names the organization it is for.",
        "Send the organization id that is shown with the API client.",
    ),
    "401013": Message(
        "The access token is not valid.",
        "It expired, was withdrawn, or is not a bearer token of this installation.",
        "Ask for a new token with the client's id and secret.",
    ),
    "403000": Message(
        "The header x-api-key is missing.",
        "Every request names the API client it comes from.",
        "Send the client id as x-api-key.",
    ),
    "403003": Message(
        "The header x-api-key does not fit the token.",
        "The token belongs to another API client.",
        "Send the client id that the token was made for.",
    ),
    "403010": Message(
        "The access token is missing.",
        "The request has no Authorization header.",
        "Send Authorization: Bearer and the token.",
    ),
    "403025": Message(
        "The organization has no entitlement.",
        "The organization id is not the one of the API client.",
        "Send the organization id that is shown with the API client.",
    ),
    "429050": Message(
        "There were too many requests.",
        "An API client may send only so many requests in a time, so that one program cannot slow down all others.",
        "Wait for as long as the header Retry-After says.",
    ),
    "1007-400": Message(
        "The header Accept names no media type of the Schema Registry.",
        "The registry tells a resource in several forms, and the header chooses one.",
        "Send Accept: application/vnd.adobe.xed+json;version=1, or application/vnd.adobe.xed-id+json for a short list.",
    ),
    "1012-404": Message(
        "The Schema Registry has no such resource.",
        "The id is mistyped, belongs to the other container, or the resource was deleted.",
        "List the resources; an id goes into an address percent-encoded, or as its meta:altId.",
    ),
    "1521-400": Message(
        "The schema or field group is not valid.",
        "Something in it is not XDM, or it refers to something that is not known here.",
        "Correct the place that report.sub-errors names.",
    ),
    "1540-400": Message(
        "The schema cannot be changed like this.",
        "Data is loaded with it, a mapping needs it, or something is made of it.",
        "Read the detail: it names who is in the way and what is possible instead.",
    ),
    "1540-409": Message(
        "The title or the id is taken.",
        "Another schema or field group has it already.",
        "Choose another title, or change the one that is there.",
    ),
    "1540-412": Message(
        "Somebody changed the schema meanwhile.",
        "Another program or person saved a version after this one was read.",
        "Get the schema again and repeat the change.",
    ),
    "1100-400": Message(
        "Mixpanel rejected what the request needs.",
        "The credentials, the project or the settings that were sent are not accepted there.",
        "Read the detail and report.code: it is the code of the connector, with a page of its own.",
    ),
    "1101-404": Message(
        "The resource does not exist.",
        "The id is mistyped, or the resource was deleted.",
        "List the resources of that kind to see which there are.",
    ),
    "1103-503": Message(
        "The source or a store cannot be reached.",
        "Mixpanel, the landing zone or the lake does not answer at the moment.",
        "Send the request again later; report.code names the cause.",
    ),
    "1400-500": Message(
        "Something unexpected happened inside Tributary.",
        "This is a defect; its traceback is in the log.",
        "Send it again; if it happens again, tell whoever maintains this installation.",
    ),
    "1401-400": Message(
        "The parameters limit and count cannot be combined.",
        "A count has no pages.",
        "Leave one of them out.",
    ),
    "1402-400": Message(
        "The operation is for providers only.",
        "Connections are finished by Tributary, not by the caller.",
        "Leave the operation out.",
    ),
    "1403-400": Message(
        "The header If-Match is missing.",
        "A change names the version it was made from, so that nobody overwrites what they have not seen.",
        "Get the entity and send its etag.",
    ),
    "1404-412": Message(
        "The entity was changed meanwhile.",
        "The etag in If-Match is not the newest one.",
        "Get the entity again and repeat the change.",
    ),
    "1405-400": Message(
        "The body is empty or cannot be read.",
        "It is not one JSON document in UTF-8, or a change without an operation.",
        "Send one JSON document.",
    ),
    "1405-413": Message(
        "The body is too large.",
        "A limit keeps single requests from taking all memory.",
        "Send less at once.",
    ),
    "1409-409": Message(
        "The name is taken.",
        "Another resource of that kind has this name.",
        "Choose another name.",
    ),
    "1410-400": Message(
        "A state was given when making the resource.",
        "New resources get their state from Tributary.",
        "Leave the state out, or make a draft with ?mode=draft.",
    ),
    "1412-400": Message(
        "The version of the mapping set does not exist.",
        "It was never made, or belongs to another mapping set.",
        "Leave the version out to take the newest.",
    ),
    "1413-400": Message(
        "The id of the specification is not known.",
        "Tributary serves the specifications of Mixpanel and of the data lake.",
        "List the connection specs or flow specs and take an id from there.",
    ),
    "1414-400": Message(
        "The specification of a connection cannot be changed.",
        "Everything made from the connection relies on it.",
        "Make a new connection.",
    ),
    "1415-400": Message(
        "The authentication specification is not known.",
        "Its name is not one that Mixpanel's connection spec has.",
        "Take a name from the connection spec.",
    ),
    "1418-400": Message(
        "The connection is in use.",
        "Dataflows read with it.",
        "Delete the dataflows first.",
    ),
    "1419-400": Message(
        "The mapping is not valid.",
        "At least one row does not fit the schema.",
        "Correct the mappings that report.sub-errors names; each has a code with a page of its own.",
    ),
    "1422-400": Message(
        "The action does not fit the state.",
        "What is asked for can be done in another state only.",
        "Get the entity and look at its state.",
    ),
    "1423-400": Message(
        "The list cannot be filtered by this field.",
        "Only some fields can be used in a filter.",
        "Use one of the fields that the answer names.",
    ),
    "1425-400": Message(
        "The schemas differ.",
        "Dataset, target connection and mapping set must have the same schema.",
        "Name the schema of the dataset, or make the mapping set for it.",
    ),
    "1427-400": Message(
        "Runs cannot be written like this.",
        "Runs are made by the service and by the trigger action.",
        "Use the trigger action of the flow.",
    ),
    "1432-400": Message(
        "The list cannot be ordered like this.",
        "Only some fields can be used for ordering.",
        "Use one of the fields that the answer names.",
    ),
    "1434-400": Message(
        "The operation is not supported.",
        "Changes are add, replace and remove.",
        "Use one of these.",
    ),
    "1440-400": Message(
        "The condition cannot be read.",
        "It has no operator that Tributary knows.",
        "Write field, operator and value, as in state==enabled.",
    ),
    "1443-400": Message(
        "The operator takes one value.",
        "Several were given.",
        "Use an operator for several values, or give one.",
    ),
    "1447-400": Message(
        "The resource is in use.",
        "Dataflows refer to it.",
        "Give the dataflows another one, or delete them first.",
    ),
    "1448-400": Message(
        "The operator is not valid for the field.",
        "Not every field can be compared in every way.",
        "Use == or !=.",
    ),
    "1449-400": Message(
        "The operator is not valid for the field.",
        "Not every field can be compared in every way.",
        "Use == or !=.",
    ),
    "1451-400": Message(
        "The parameter is not known.",
        "It is mistyped, or belongs to another address.",
        "Use one of the parameters that the answer names.",
    ),
    "1451-405": Message(
        "The method is not allowed.",
        "The address exists, but not for this method.",
        "Use one of the methods in the header Allow.",
    ),
    "1452-400": Message(
        "A value is not valid.",
        "It is missing, has the wrong type or lies outside what is allowed.",
        "Correct the value that the answer names.",
    ),
    "1453-400": Message(
        "The value of the filter is not valid.",
        "It cannot be read as the type of the field.",
        "Correct the value.",
    ),
    "1455-400": Message(
        "The change is not valid.",
        "Its path or its value cannot be changed like this.",
        "Change one of the paths that the answer names.",
    ),
    "1457-400": Message(
        "The operation is not allowed.",
        "It does not fit the state of the entity.",
        "Use add, replace or remove.",
    ),
    "2100-404": Message(
        "The sandbox does not exist.",
        "Tributary has one sandbox.",
        "Send its name as x-sandbox-name, or leave the header out.",
    ),
    "2110-400": Message(
        "The header x-sandbox-id is not allowed.",
        "Sandboxes are named, not numbered.",
        "Send x-sandbox-name instead.",
    ),
    "2111-403": Message(
        "Queries over all sandboxes are not allowed.",
        "Tributary has one sandbox.",
        "Name it, or leave the header out.",
    ),
    "2118-403": Message(
        "A permission is missing.",
        "The role of the API client does not allow the operation.",
        "Ask an administrator for a client with the role that the answer names.",
    ),
}
